-- Switches of an option per user, out of Debezium's changes of a settings table: only real changes pass.

-- Each change counts by itself: a switch back and forth is two events.
SET 'cache.max.bytes.buffering' = '0';

CREATE STREAM option_changes (
    BEFORE STRUCT<user_id INT, enabled BOOLEAN>,
    AFTER STRUCT<user_id INT, enabled BOOLEAN>,
    OP STRING
) WITH (kafka_topic = 'SHOP.SETTINGS.OPTION', partitions = 1, value_format = 'JSON');

CREATE TABLE last_options WITH (kafka_topic = 'last_options', key_format = 'JSON') AS
    SELECT AFTER->user_id AS user_id,
           LATEST_BY_OFFSET(AFTER->enabled, 2) AS last
    FROM option_changes
    WHERE AFTER IS NOT NULL
    GROUP BY AFTER->user_id;

CREATE STREAM option_history (user_id INT KEY, last ARRAY<BOOLEAN>)
    WITH (kafka_topic = 'last_options', key_format = 'JSON', value_format = 'JSON');

CREATE STREAM option_toggles AS
    SELECT user_id, last[-1] AS enabled
    FROM option_history
    WHERE ARRAY_LENGTH(last) = 1 OR last[1] <> last[2];

INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, enabled := false), 'r');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 2, enabled := true), 'c');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, enabled := false), 'u');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, enabled := true), 'u');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, enabled := true), 'u');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 2, enabled := false), 'u');
INSERT INTO option_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, enabled := false), 'u');

ASSERT VALUES option_toggles (user_id, enabled) VALUES (1, false);
ASSERT VALUES option_toggles (user_id, enabled) VALUES (2, true);
ASSERT VALUES option_toggles (user_id, enabled) VALUES (1, true);
ASSERT VALUES option_toggles (user_id, enabled) VALUES (2, false);
ASSERT VALUES option_toggles (user_id, enabled) VALUES (1, false);
--@no.more.output: option_toggles
