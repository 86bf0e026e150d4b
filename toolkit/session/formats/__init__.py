"""The formats in which people bring sessions in and take them out: a file per format, which reads and writes its text,
and one table (`table`) from which detection, the CLI's choices and help, and the tests derive. `conversion` is the
way in: `parse`, `serialize`, `omissions`. Pure text and values: no file is opened here, and what belongs to a provider
is decided elsewhere (`toolkit.session.hosts`, `toolkit.client.validation`).

To add a format: one file with the functions of `table.FormatModule`, and one record in `table.FORMATS`.
"""
