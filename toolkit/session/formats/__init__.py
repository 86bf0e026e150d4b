"""The formats that people bring sessions in and take them out in, a file per format."""
