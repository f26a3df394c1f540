"""Web files of storyboards: pages, e-mail, feeds, and the data that search engines and networks read.

Every text of the library is escaped, every picture lies inside the file, nothing is fetched on opening.
"""
