"""Records exchanges into HAR recordings, and loads, saves and checks the files.

The recorder listens to the pages of a browser context and to our own calls; what it returns has no secrets left in it.
How secrets are taken out is the matter of `redaction/`, the values are those of `har/`, and replaying is in `replay/`.

`recorder.Recorder` records, `lean` and `saved_things` say what of a page is left out, `files.load` and `files.save`
read and write HAR files, and `check.check` lists what is wrong with a file. `foreign_files` and `foreign_har` read what
other programs have written, `drift` compares the shapes of two calls, `age` tells how old a recording is. `demos/` has
a small recording of each provider.
"""
