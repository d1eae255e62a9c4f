import { PARTITIONS } from './input.ts'

/** Topics that are filled before the first query starts. */
export const sources = `
  CREATE STREAM orders (k STRING KEY, id BIGINT, amount BIGINT, region INT)
    WITH (kafka_topic='orders', partitions=${PARTITIONS}, value_format='JSON', retention_ms=3153600000000);
  CREATE TABLE people (k STRING PRIMARY KEY, name STRING) WITH (kafka_topic='people', partitions=${PARTITIONS}, value_format='JSON');
  CREATE TABLE regions (region INT PRIMARY KEY, name STRING) WITH (kafka_topic='regions', partitions=${PARTITIONS}, value_format='JSON');
  CREATE SOURCE TABLE people_view (k STRING PRIMARY KEY, name STRING) WITH (kafka_topic='people', value_format='JSON');`

/**
 * A query of every stateful kind. Windows that are emitted when they close are retained beyond the last jump of time, or they would be
 * gone before they are emitted, as with ksqlDB.
 */
export const queries = `
  CREATE TABLE by_key AS SELECT k, COUNT(*) AS c, SUM(amount) AS s, MAX(id) AS m, COUNT_DISTINCT(region) AS d
    FROM orders GROUP BY k EMIT CHANGES;
  CREATE TABLE by_region AS SELECT region, COUNT(*) AS c, SUM(amount) AS s FROM orders GROUP BY region EMIT CHANGES;
  CREATE TABLE large AS SELECT region, MIN(id) AS first FROM orders GROUP BY region HAVING COUNT(*) > 500 EMIT CHANGES;
  CREATE TABLE latest AS SELECT k, LATEST_BY_OFFSET(region) AS region FROM orders GROUP BY k EMIT CHANGES;
  CREATE TABLE keys_of_region AS SELECT region, COUNT(*) AS c FROM latest GROUP BY region EMIT CHANGES;
  CREATE TABLE tumbled AS SELECT k, COUNT(*) AS c FROM orders WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k EMIT CHANGES;
  CREATE TABLE hopped AS SELECT k, SUM(amount) AS s FROM orders
    WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS) GROUP BY k EMIT CHANGES;
  CREATE TABLE sessions AS SELECT k, COUNT(*) AS c FROM orders WINDOW SESSION (3 SECONDS) GROUP BY k EMIT CHANGES;
  CREATE TABLE closed WITH (kafka_topic='closed') AS SELECT k, COUNT(*) AS c FROM orders
    WINDOW TUMBLING (SIZE 5 SECONDS, RETENTION 90 DAYS, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;
  CREATE STREAM named WITH (kafka_topic='named') AS SELECT o.k, o.id AS id, p.name AS name
    FROM orders o LEFT JOIN people p ON o.k = p.k EMIT CHANGES;
  CREATE STREAM some_orders AS SELECT k, id FROM orders WHERE id % 3 <> 0 EMIT CHANGES;
  CREATE STREAM pairs WITH (kafka_topic='pairs') AS SELECT o.k, o.id AS id, s.id AS other
    FROM orders o LEFT JOIN some_orders s WITHIN 10 MILLISECONDS GRACE PERIOD 1 DAY ON o.k = s.k EMIT CHANGES;
  CREATE STREAM moved WITH (kafka_topic='moved') AS SELECT region, id FROM orders PARTITION BY region EMIT CHANGES;
  CREATE TABLE known AS SELECT b.k, b.c AS c, p.name AS name FROM by_key b JOIN people p ON b.k = p.k EMIT CHANGES;
  CREATE TABLE in_region AS SELECT l.k, r.name AS name FROM latest l LEFT JOIN regions r ON l.region = r.region EMIT CHANGES;
  CREATE TABLE busy AS SELECT k, c FROM by_key WHERE c > 300 EMIT CHANGES;`
