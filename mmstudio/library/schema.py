"""The tables of schema version 100 (major 1, minor 0). A change here is a new migration, never an edit."""

from __future__ import annotations

VERSION_1 = """
CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, program TEXT NOT NULL, applied_at TEXT NOT NULL
) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE root (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,            -- absolute; '' is the library's own folder, wherever it is moved
    watched INTEGER NOT NULL DEFAULT 0 CHECK (watched IN (0, 1)),
    added_at TEXT NOT NULL
) STRICT;

CREATE TABLE asset (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: storyboards and jobs keep asset ids
    kind TEXT NOT NULL CHECK (kind IN ('image', 'audio', 'video', 'text')),
    root_id INTEGER NOT NULL REFERENCES root(id),
    rel_path TEXT NOT NULL,               -- forward slashes on every system
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    width INTEGER, height INTEGER,
    duration REAL,
    captured_at TEXT,
    phash TEXT,
    title TEXT NOT NULL DEFAULT '',
    caption TEXT NOT NULL DEFAULT '',
    language TEXT,
    rights TEXT NOT NULL DEFAULT 'unknown'
        CHECK (rights IN ('unknown', 'own', 'licensed', 'no-training', 'restricted')),
    origin TEXT NOT NULL DEFAULT 'imported' CHECK (origin IN ('imported', 'generated')),
    status TEXT NOT NULL DEFAULT 'ok' CHECK (status IN ('ok', 'missing', 'corrupt', 'trashed')),
    status_note TEXT NOT NULL DEFAULT '',
    status_before TEXT,                   -- what a trashed asset was, for restoring
    rating INTEGER NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
    added_at TEXT NOT NULL,
    UNIQUE (root_id, rel_path)
) STRICT;
CREATE INDEX asset_sha256 ON asset(sha256);
CREATE INDEX asset_status ON asset(status);
CREATE INDEX asset_kind ON asset(status, kind);
CREATE INDEX asset_facets ON asset(status, kind, origin, rating, rights);
CREATE INDEX asset_title ON asset(status, title COLLATE NOCASE);
CREATE INDEX asset_captured ON asset(status, captured_at);
CREATE INDEX asset_size ON asset(status, size);
CREATE INDEX asset_duration ON asset(status, duration);
CREATE INDEX asset_rating ON asset(status, rating);

CREATE TABLE asset_text (
    asset_id INTEGER PRIMARY KEY REFERENCES asset(id) ON DELETE CASCADE, text TEXT NOT NULL
) STRICT;
-- Words are cut before they come here (see words.py): Chinese one character per token.
CREATE VIRTUAL TABLE asset_search USING fts5(
    title, caption, name, text, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
-- Hashes of assets whose trash was emptied, so that a rescan does not bring them back by itself.
CREATE TABLE forgotten (sha256 TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE              -- the name, case folded
) STRICT;
CREATE VIRTUAL TABLE tag_search USING fts5(name, tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE asset_tag (
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag(id) ON DELETE CASCADE,
    PRIMARY KEY (asset_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_tag_tag ON asset_tag(tag_id, asset_id);

CREATE TABLE collection (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL) STRICT;
CREATE TABLE collection_asset (
    collection_id INTEGER NOT NULL REFERENCES collection(id) ON DELETE CASCADE,
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    PRIMARY KEY (collection_id, asset_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_asset_asset ON collection_asset(asset_id);

CREATE TABLE item (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sku TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    price REAL,
    currency TEXT NOT NULL DEFAULT '',
    category TEXT NOT NULL DEFAULT '',
    url TEXT NOT NULL DEFAULT '',
    attributes TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(attributes)),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX item_title ON item(title COLLATE NOCASE);
CREATE INDEX item_category ON item(category);
CREATE VIRTUAL TABLE item_search USING fts5(
    title, description, other, tokenize = "unicode61 remove_diacritics 2", prefix = '2 3'
);
CREATE TABLE item_asset (
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('hero', 'detail', 'voice', 'music', 'clip', 'review', 'text')),
    position INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (item_id, asset_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_asset_asset ON item_asset(asset_id);
CREATE TABLE item_missing_media (
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE, name TEXT NOT NULL,
    PRIMARY KEY (item_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    author TEXT NOT NULL DEFAULT '', rating REAL, title TEXT NOT NULL DEFAULT '', text TEXT NOT NULL,
    created_at TEXT,
    digest TEXT NOT NULL UNIQUE           -- of item, author, title and text: the same review comes in once
) STRICT;
CREATE INDEX review_item ON review(item_id);
CREATE TABLE item_link (
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    linked_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (item_id, linked_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_link_linked ON item_link(linked_id);

CREATE TABLE audience (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    brief TEXT NOT NULL DEFAULT '',
    locale TEXT NOT NULL DEFAULT 'en',
    tone TEXT NOT NULL DEFAULT '',
    traits TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(traits)),
    liked TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(liked)),
    disliked TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(disliked)),
    rules TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(rules)),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX audience_name ON audience(name) WHERE removed = 0;
CREATE TABLE member (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    audience_id INTEGER REFERENCES audience(id) ON DELETE SET NULL
) STRICT;
CREATE INDEX member_audience ON member(audience_id);
CREATE TABLE interaction (
    id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES member(id) ON DELETE CASCADE,
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    event TEXT NOT NULL, weight REAL NOT NULL DEFAULT 1.0, time REAL
) STRICT;
CREATE UNIQUE INDEX interaction_once ON interaction(member_id, item_id, event, COALESCE(time, -1.0));
CREATE INDEX interaction_item ON interaction(item_id);

CREATE TABLE feature_set (
    id INTEGER PRIMARY KEY,
    extractor TEXT NOT NULL, version TEXT NOT NULL, params_hash TEXT NOT NULL,
    dimension INTEGER NOT NULL, modality TEXT NOT NULL,
    target TEXT NOT NULL DEFAULT 'asset' CHECK (target IN ('asset', 'item')),
    mean BLOB, std BLOB, stat_count INTEGER, fitted_on TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (extractor, version, params_hash, target)
) STRICT;
CREATE TABLE feature (
    set_id INTEGER NOT NULL REFERENCES feature_set(id) ON DELETE CASCADE,
    target_id INTEGER NOT NULL,           -- an asset or an item, as the set says
    vector BLOB NOT NULL,                 -- float32, little endian
    PRIMARY KEY (set_id, target_id)
) STRICT;
CREATE TRIGGER asset_gone AFTER DELETE ON asset BEGIN
    DELETE FROM feature WHERE target_id = old.id
        AND set_id IN (SELECT id FROM feature_set WHERE target = 'asset');
    DELETE FROM asset_search WHERE rowid = old.id;
END;

CREATE TABLE trained_model (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, family TEXT NOT NULL, path TEXT NOT NULL,
    steps INTEGER NOT NULL DEFAULT 0, metrics TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metrics)),
    status TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE TABLE generation (
    id INTEGER PRIMARY KEY,
    asset_id INTEGER REFERENCES asset(id) ON DELETE CASCADE,
    model TEXT NOT NULL, seed INTEGER NOT NULL, latent BLOB,
    params TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(params)),
    sources TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(sources)),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX generation_asset ON generation(asset_id);
CREATE TABLE recommendation (
    audience_id INTEGER NOT NULL REFERENCES audience(id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    score REAL NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    created_at TEXT NOT NULL,
    PRIMARY KEY (audience_id, rank)
) STRICT, WITHOUT ROWID;
CREATE INDEX recommendation_item ON recommendation(item_id);
CREATE TABLE storyboard (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, recipe TEXT NOT NULL,
    item_id INTEGER REFERENCES item(id) ON DELETE SET NULL,
    audience_id INTEGER REFERENCES audience(id) ON DELETE SET NULL,
    data TEXT NOT NULL CHECK (json_valid(data)),
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX storyboard_item ON storyboard(item_id);
CREATE INDEX storyboard_audience ON storyboard(audience_id);
CREATE TABLE approval (
    id INTEGER PRIMARY KEY,
    storyboard_id INTEGER NOT NULL REFERENCES storyboard(id) ON DELETE CASCADE,
    who TEXT NOT NULL, verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'changes', 'rejected')),
    comment TEXT NOT NULL DEFAULT '', created_at TEXT NOT NULL
) STRICT;
CREATE INDEX approval_storyboard ON approval(storyboard_id);
CREATE TABLE export (
    id INTEGER PRIMARY KEY,
    storyboard_id INTEGER REFERENCES storyboard(id) ON DELETE SET NULL,
    channel TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
    seconds REAL NOT NULL, kind TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX export_storyboard ON export(storyboard_id);

CREATE TABLE job (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, title TEXT NOT NULL,
    params TEXT NOT NULL CHECK (json_valid(params)),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'paused', 'done', 'cancelled', 'failed')),
    done INTEGER NOT NULL DEFAULT 0, total INTEGER, note TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '',
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    checkpoint TEXT CHECK (checkpoint IS NULL OR json_valid(checkpoint)),
    created_at TEXT NOT NULL, started_at TEXT, ended_at TEXT, pid INTEGER
) STRICT;
CREATE INDEX job_state ON job(state);
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,                  -- an English template, filled with label_values and translated
    label_values TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(label_values)),
    changes TEXT NOT NULL CHECK (json_valid(changes)),
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX event_undone ON event(undone, id);
"""

VERSION_101 = """
CREATE TABLE measure (
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    name TEXT NOT NULL,                   -- sharpness, tempo, loudness …: see docs/library-format.md
    value REAL NOT NULL,
    PRIMARY KEY (asset_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX measure_value ON measure(name, value);
CREATE TABLE colour (
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    name TEXT NOT NULL,                   -- English name of a colour
    share REAL NOT NULL,                  -- of the picture, 0 to 1
    PRIMARY KEY (asset_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX colour_share ON colour(name, share, asset_id);
CREATE TABLE scene (
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    start REAL NOT NULL, stop REAL NOT NULL, key_time REAL NOT NULL,
    PRIMARY KEY (asset_id, position)
) STRICT, WITHOUT ROWID;
-- Findings of the library doctor that a person has seen and wants to keep as they are.
CREATE TABLE ignored (
    kind TEXT NOT NULL, subject TEXT NOT NULL,
    PRIMARY KEY (kind, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE saved_search (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, query TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
-- A tag that was suggested for an asset and refused: a counter-example.
CREATE TABLE tag_refused (
    asset_id INTEGER NOT NULL REFERENCES asset(id) ON DELETE CASCADE,
    tag_id INTEGER NOT NULL REFERENCES tag(id) ON DELETE CASCADE,
    PRIMARY KEY (asset_id, tag_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_price ON item(price);
"""

VERSION_102 = """
-- What a brand forbids, stands for and must say, in all that is written in its name.
CREATE TABLE brand_rule (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('ban', 'allow', 'require')),
    text TEXT NOT NULL,
    locale TEXT NOT NULL DEFAULT '',      -- BCP 47; '' for every language
    needed_when TEXT NOT NULL DEFAULT '', -- of a required sentence: the word that makes it needed
    created_at TEXT NOT NULL,
    UNIQUE (kind, text, locale, needed_when)
) STRICT;
-- Texts that facts do not support, and the person who answers for each. Rows are only ever added.
CREATE TABLE copy_override (
    id INTEGER PRIMARY KEY,
    item_id INTEGER REFERENCES item(id) ON DELETE SET NULL,
    sku TEXT NOT NULL,                    -- stays when the item goes
    locale TEXT NOT NULL,
    digest TEXT NOT NULL,                 -- SHA-256 of the text, white space apart
    text TEXT NOT NULL,
    spans TEXT NOT NULL CHECK (json_valid(spans)),
    who TEXT NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX copy_override_digest ON copy_override(digest);
CREATE INDEX copy_override_item ON copy_override(item_id);
"""

VERSION_103 = """
ALTER TABLE audience ADD COLUMN origin TEXT NOT NULL DEFAULT 'hand' CHECK (origin IN ('hand', 'found'));
-- How a segment was found in the events; {} for an audience made by hand.
ALTER TABLE audience ADD COLUMN segment TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(segment));
-- Who a member is, encrypted, and only where a person asked for it to be kept: `name` is a keyed pseudonym.
ALTER TABLE member ADD COLUMN sealed BLOB;
-- 1: the author agreed to be named; otherwise initials are shown.
ALTER TABLE review ADD COLUMN consent INTEGER NOT NULL DEFAULT 0 CHECK (consent IN (0, 1));

-- What a person in the studio decided about an item for an audience: approve, reject, pin, ban.
CREATE TABLE audience_event (
    id INTEGER PRIMARY KEY,
    audience_id INTEGER NOT NULL REFERENCES audience(id) ON DELETE CASCADE,
    item_id INTEGER NOT NULL REFERENCES item(id) ON DELETE CASCADE,
    event TEXT NOT NULL, weight REAL NOT NULL DEFAULT 1.0,
    source TEXT NOT NULL DEFAULT '',      -- "storyboard 12", "variant v-…", "window"
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX audience_event_audience ON audience_event(audience_id, item_id);

-- A finished asset that can be shown to an audience: a storyboard, a set, a picture.
CREATE TABLE variant (
    id TEXT PRIMARY KEY,                  -- stable: stands in file names, feeds and links
    audience_id INTEGER REFERENCES audience(id) ON DELETE SET NULL,
    item_id INTEGER REFERENCES item(id) ON DELETE SET NULL,
    kind TEXT NOT NULL CHECK (kind IN ('storyboard', 'set', 'asset')),
    source TEXT NOT NULL CHECK (json_valid(source)), -- storyboard_id, or asset_ids and manifest
    features TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(features)),
    checks TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(checks)),
    appeal REAL, created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX variant_audience ON variant(audience_id);
CREATE INDEX variant_item ON variant(item_id);
-- A comparison of variants: what is measured, and how many must see each.
CREATE TABLE ab_plan (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL,
    audience_id INTEGER REFERENCES audience(id) ON DELETE SET NULL,
    data TEXT NOT NULL CHECK (json_valid(data)), created_at TEXT NOT NULL
) STRICT;
CREATE INDEX ab_plan_audience ON ab_plan(audience_id);
CREATE TABLE ab_plan_variant (
    plan_id INTEGER NOT NULL REFERENCES ab_plan(id) ON DELETE CASCADE,
    variant_id TEXT NOT NULL REFERENCES variant(id) ON DELETE CASCADE,
    share REAL NOT NULL,
    PRIMARY KEY (plan_id, variant_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ab_plan_variant_variant ON ab_plan_variant(variant_id);
-- What came back: how often a variant was shown and how often each event followed. A day comes in once.
CREATE TABLE variant_result (
    variant_id TEXT NOT NULL REFERENCES variant(id) ON DELETE CASCADE,
    day TEXT NOT NULL, channel TEXT NOT NULL DEFAULT '', event TEXT NOT NULL,
    shown INTEGER NOT NULL CHECK (shown >= 0), happened INTEGER NOT NULL CHECK (happened >= 0),
    PRIMARY KEY (variant_id, day, channel, event)
) STRICT, WITHOUT ROWID;
"""

VERSION_104 = """
-- A brand's look: colours, fonts, logo with clear space, tone, disclaimers (banned words: brand_rule).
CREATE TABLE brand_kit (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    data TEXT NOT NULL CHECK (json_valid(data)),
    chosen INTEGER NOT NULL DEFAULT 0 CHECK (chosen IN (0, 1)),  -- the kit that new storyboards take
    updated_at TEXT NOT NULL
) STRICT;
-- Remarks on a moment or a place of a storyboard, made here or in a preview package.
CREATE TABLE remark (
    id INTEGER PRIMARY KEY,
    storyboard_id INTEGER NOT NULL REFERENCES storyboard(id) ON DELETE CASCADE,
    who TEXT NOT NULL,                       -- initials or a name
    text TEXT NOT NULL,
    at REAL,                                 -- seconds; NULL for the whole
    x REAL, y REAL,                          -- fractions of the canvas; NULL for no place
    done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)),
    source TEXT NOT NULL DEFAULT 'window',   -- "window", "package <id>"
    digest TEXT NOT NULL UNIQUE,             -- the same remark imported twice is one
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX remark_storyboard ON remark(storyboard_id);
-- What is known of the rights in an asset beyond asset.rights.
CREATE TABLE asset_rights (
    asset_id INTEGER PRIMARY KEY REFERENCES asset(id) ON DELETE CASCADE,
    owner TEXT NOT NULL DEFAULT '', licence TEXT NOT NULL DEFAULT '',
    consent TEXT NOT NULL DEFAULT 'unknown' CHECK (consent IN ('unknown', 'given', 'refused', 'none needed')),
    expires TEXT NOT NULL DEFAULT '',        -- ISO 8601 day; '' for never
    markets TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(markets)),  -- ISO 3166 codes; [] for all
    note TEXT NOT NULL DEFAULT '', updated_at TEXT NOT NULL
) STRICT;
-- Who answers for a check of the compliance page that is not green, for exactly this state of a storyboard.
CREATE TABLE clearance (
    id INTEGER PRIMARY KEY,
    storyboard_id INTEGER NOT NULL REFERENCES storyboard(id) ON DELETE CASCADE,
    check_name TEXT NOT NULL, digest TEXT NOT NULL, finding TEXT NOT NULL,
    who TEXT NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE INDEX clearance_storyboard ON clearance(storyboard_id);
"""
