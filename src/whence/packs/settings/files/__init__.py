"""Settings that are kept in files: each version of one becomes a change of its document. Read `recording` (versions as
changes, each once), `reading` (the values that a file says), and then the three from which versions come: `watching`
(files as they are written), `git` (a repository's history), `changefile` (a list of changes); `commands` are theirs."""
