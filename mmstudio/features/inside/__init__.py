"""Looking inside: maps of the library, reasons for likeness, what a network looks at."""
