"""The provider of Open WebUI (https://github.com/open-webui/open-webui): any deployment of it.

`provider` makes the calls, `wire_shapes` has the JSON of the site's answers. `request_body` builds what is asked for;
`file_uploads` brings files to the site. `save_options` reads how a turn is to be saved, `chat_history` has the tree of
a conversation's messages, `message_shapes` the shapes of what is saved in it, and `chat_saving` makes the calls for it.
"""
