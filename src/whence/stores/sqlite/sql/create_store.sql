CREATE TABLE store (
  store_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  origin TEXT
) STRICT;

-- A type's name, version and content type, interned: an event row carries the code.
CREATE TABLE type (
  code INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  content_type TEXT
) STRICT;

-- The items of which queries are made, interned: what decisions look at comes again, in ever other combinations.
CREATE TABLE query_item (
  number INTEGER PRIMARY KEY,
  json TEXT NOT NULL UNIQUE
) STRICT;

-- What an append was decided on, stored once for all its events. query: a JSON array of the numbers of its items, empty
-- for every event. reads: a JSON array of fields, where they are known.
CREATE TABLE basis (
  number INTEGER PRIMARY KEY,
  query TEXT NOT NULL,
  position INTEGER NOT NULL,
  settings TEXT,
  reads TEXT
) STRICT;

-- format 0: data is JSON text, or the bytes of a body whose content type the type names.
-- id and cause: 16 bytes for a UUID, else text. tags: sorted, one a line. Times: microseconds since 1970, UTC.
-- time is absent where the caller gave none: then it is recorded.
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  format INTEGER NOT NULL,
  id ANY NOT NULL,
  type INTEGER NOT NULL,
  tags TEXT NOT NULL,
  data ANY NOT NULL,
  time INTEGER,
  recorded INTEGER NOT NULL,
  actor TEXT,
  cause ANY,
  correlation TEXT,
  basis INTEGER,
  meta TEXT
) STRICT;

-- The index of ids, tags and types: sorted runs of keys, in chunks of a page. See runs.py.
CREATE TABLE run (
  run INTEGER PRIMARY KEY,
  level INTEGER NOT NULL,
  keys INTEGER NOT NULL,
  written INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL,
  merges_into INTEGER
) STRICT;

CREATE TABLE chunk (
  run INTEGER NOT NULL,
  first_key INTEGER NOT NULL,
  keys BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX chunk_by_key ON chunk (run, first_key);
