-- The first purchase of each user as an event, out of Debezium's changes of a table of purchases.

-- Each change counts by itself: a first purchase must not be swallowed by a second one that follows at once.
SET 'cache.max.bytes.buffering' = '0';

CREATE STREAM purchase_changes (
    BEFORE STRUCT<user_id INT, item STRING>,
    AFTER STRUCT<user_id INT, item STRING>,
    OP STRING
) WITH (kafka_topic = 'SHOP.SALES.PURCHASE', partitions = 1, value_format = 'JSON');

CREATE TABLE purchases_by_user WITH (kafka_topic = 'purchases_by_user', key_format = 'JSON') AS
    SELECT AFTER->user_id AS user_id,
           EARLIEST_BY_OFFSET(AFTER->item) AS first_item,
           COUNT(*) AS purchases
    FROM purchase_changes
    WHERE OP = 'c' OR OP = 'r'
    GROUP BY AFTER->user_id;

CREATE STREAM purchase_counts (user_id INT KEY, first_item STRING, purchases BIGINT)
    WITH (kafka_topic = 'purchases_by_user', key_format = 'JSON', value_format = 'JSON');

CREATE STREAM first_purchases AS
    SELECT user_id, first_item AS item FROM purchase_counts WHERE purchases = 1;

INSERT INTO purchase_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, item := 'pen'), 'r');
INSERT INTO purchase_changes (AFTER, OP) VALUES (STRUCT(user_id := 2, item := 'ink'), 'c');
INSERT INTO purchase_changes (AFTER, OP) VALUES (STRUCT(user_id := 1, item := 'paper'), 'c');
INSERT INTO purchase_changes (AFTER, OP) VALUES (STRUCT(user_id := 2, item := 'ink, blue'), 'u');
INSERT INTO purchase_changes (BEFORE, OP) VALUES (STRUCT(user_id := 1, item := 'pen'), 'd');
INSERT INTO purchase_changes (AFTER, OP) VALUES (STRUCT(user_id := 3, item := 'desk'), 'c');

ASSERT VALUES first_purchases (user_id, item) VALUES (1, 'pen');
ASSERT VALUES first_purchases (user_id, item) VALUES (2, 'ink');
ASSERT VALUES first_purchases (user_id, item) VALUES (3, 'desk');
--@no.more.output: first_purchases
