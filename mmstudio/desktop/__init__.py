"""The window: Qt widgets over the same services as the command line. Importing it loads no torch."""
