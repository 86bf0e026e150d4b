"""The formats in which people bring sessions in and take them out.

A file per format reads and writes its text. Detection, the CLI and the tests all read one table (`format_table`). The
entry points are in `conversion`: `parse`, `serialize`, `omissions`. Nothing here opens a file or knows a provider: see
`toolkit.session.host_restriction` and `toolkit.client.imported_session_validation`.

To add a format: one file with the functions of `format_table.FormatModule`, and one record in `format_table.FORMATS`.
"""
