import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { scanScript } from '@varve/sql'

import type { Database } from '../stack/database.ts'
import type { Encoding } from '../stack/source-connector.ts'

/** The tables of the scenario, with the rows it begins with. */
export function createTables({ kind }: Database): string {
  const postgres = kind === 'postgres'
  const schema = postgres ? 'CREATE SCHEMA "EVENT";' : 'CREATE DATABASE EVENT;'
  const time = postgres ? 'timestamptz(0)' : 'timestamp NOT NULL'
  return `${schema}
    CREATE TABLE ${tableOf(kind, 'NAME')} (id int PRIMARY KEY, name varchar(100));
    CREATE TABLE ${tableOf(kind, 'SUBMIT')} (user_id int PRIMARY KEY, event_id int, created_at ${time});
    INSERT INTO ${tableOf(kind, 'NAME')} VALUES (101, '봄 맞이 이벤트'), (102, '한여름 이벤트');
    INSERT INTO ${tableOf(kind, 'NAME')} VALUES ${Array.from({ length: 18 }, (_, i) => `(${103 + i}, 'event ${103 + i}')`).join()};
    INSERT INTO ${tableOf(kind, 'SUBMIT')} VALUES
      (1, 101, '2024-03-20 10:00:00'), (2, 101, '2024-03-20 10:00:05'), (3, 102, '2024-03-20 10:00:10');`
}

/** The name of a table in its database's quotes. */
export function tableOf(kind: Database['kind'], name: string): string {
  return kind === 'postgres' ? `"EVENT"."${name}"` : `EVENT.${name}`
}

/** Rows of SUBMIT as the views show them. */
export function selectSubmissions(kind: Database['kind']): string {
  const time =
    kind === 'postgres'
      ? `to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
      : `DATE_FORMAT(created_at, '%Y-%m-%dT%H:%i:%sZ')`
  return `SELECT user_id, event_id, ${time} FROM ${tableOf(kind, 'SUBMIT')};`
}

const columns: Readonly<Record<'NAME' | 'SUBMIT', string>> = {
  NAME: 'id INT, name STRING',
  SUBMIT: 'user_id INT, event_id INT, created_at STRING',
}

/** The two sources of the pipeline. */
export function sources(prefix: string, encoding: Encoding): string {
  const source = (name: string, table: 'NAME' | 'SUBMIT'): string => {
    const topic = `${prefix}.EVENT.${table}`
    const struct = `STRUCT<${columns[table]}>`
    const envelope = `BEFORE ${struct}, AFTER ${struct}, SOURCE STRUCT<\`table\` STRING>, OP STRING, TS_MS BIGINT`
    switch (encoding) {
      case 'avro':
        return `create stream \`${name}\` with (kafka_topic='${topic}', value_format='AVRO');`
      case 'json':
        return `create stream \`${name}\` (${envelope}) with (kafka_topic='${topic}', value_format='JSON');`
      case 'json-schema':
        return `create stream raw_${table} (\`SCHEMA\` STRUCT<\`type\` STRING>, PAYLOAD STRUCT<${envelope}>) with (kafka_topic='${topic}', value_format='JSON');
          create stream \`${name}\` as select payload->before as before, payload->after as after, payload->op as op from raw_${table};`
    }
  }
  return `${source('stg_submit', 'SUBMIT')} ${source('stg_name', 'NAME')}`
}

const script = join(import.meta.dirname, '../../../demo/sql/event-participation.sql')
const [, , names, joined] = scanScript(readFileSync(script, 'utf8')).statements

/** Names by event, as the user wrote it. */
export const nameTable: string = names!.text

/** Submissions with the names of their events, as the user wrote it. */
export const joinStream: string = joined!.text

/** The rows of SUBMIT themselves, and how many there are for each event. */
export function rowViews(prefix: string, encoding: Encoding): string {
  const declared =
    encoding === 'json' ? '(user_id INT PRIMARY KEY, event_id INT, created_at STRING)' : ''
  const format = encoding === 'avro' ? 'DEBEZIUM_AVRO' : 'DEBEZIUM_JSON'
  const plain =
    encoding === 'json'
      ? 'created_at'
      : `FORMAT_TIMESTAMP(created_at, 'yyyy-MM-dd''T''HH:mm:ss''Z''', 'UTC') AS created_at`
  return `
    CREATE TABLE submits ${declared} WITH (kafka_topic='${prefix}.EVENT.SUBMIT', value_format='${format}');
    CREATE TABLE submit_rows WITH (value_format='JSON', key_format='JSON') AS SELECT user_id, event_id, ${plain} FROM submits;
    CREATE TABLE per_event WITH (value_format='JSON', key_format='JSON') AS
      SELECT event_id, COUNT(*) AS n FROM submits GROUP BY event_id;`
}
