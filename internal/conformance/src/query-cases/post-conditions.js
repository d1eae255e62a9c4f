import { formatJson, isArray, JsonNumber, JsonObject } from '../json/json-value.ts'
import { CaseFailure } from '../verdict.ts'
import { featuresOf, sourceDifference } from './expected-source.ts'
/** Topics of the original's own making; their names are not ours. */
const internalTopicPrefix = '_confluent-ksql-'
/** Checks `post` of a case. Returns how many things were checked. @throws CaseFailure */
export function checkPostConditions(testCase, driver, schemas) {
  const post = testCase.source.get('post')
  if (!(post instanceof JsonObject)) return 0
  let checked = 0
  for (const expected of objects(post.get('sources'))) {
    fail(sourceDifference(expected, driver.sources))
    checked++
  }
  const topics = post.get('topics')
  if (!(topics instanceof JsonObject)) return checked
  const blacklist = topics.get('blacklist')
  if (typeof blacklist === 'string') {
    fail(bannedTopic(new RegExp(blacklist), driver))
    checked++
  }
  for (const expected of objects(topics.get('topics'))) {
    if (String(expected.get('name')).startsWith(internalTopicPrefix)) continue
    fail(topicDifference(expected, driver, schemas))
    checked++
  }
  return checked
}
function objects(json) {
  return isArray(json) ? json.filter((item) => item instanceof JsonObject) : []
}
function fail(difference) {
  if (difference !== undefined) throw new CaseFailure(difference)
}
function bannedTopic(pattern, driver) {
  const names = [
    ...driver.topics.names(),
    ...driver.queries.flatMap((query) => query.repartitionTopics),
  ]
  const banned = names.find((name) => pattern.test(name))
  return banned && `topic "${banned}" may not exist: ${pattern.source}`
}
function topicDifference(expected, driver, schemas) {
  const name = String(expected.get('name'))
  const topic = driver.topics.get(name)
  const source = [...driver.sources.values()].find((candidate) => candidate.topic === name)
  if (topic === undefined || source === undefined) return `there is no topic "${name}"`
  const partitions = expected.get('partitions')
  if (partitions instanceof JsonNumber && partitions.text !== String(topic.partitions)) {
    return `topic "${name}" has ${topic.partitions} partitions, expected ${partitions.text}`
  }
  for (const side of ['key', 'value']) {
    const format = expected.get(`${side}Format`)
    if (format instanceof JsonObject) {
      const actual = side === 'key' ? source.keyFormat.format : source.valueFormat.format
      if (format.get('format') !== actual) {
        return `${side} format of topic "${name}": expected ${String(format.get('format'))}, got ${actual}`
      }
      const features = isArray(format.get('features'))
        ? format.get('features').map(String).join(', ')
        : ''
      const found = featuresOf(side, source).join(', ')
      if (features !== found) {
        return `${side} features of topic "${name}": expected [${features}], got [${found}]`
      }
    }
    const difference = schemaDifference(side, expected, schemas.find(`${name}-${side}`))
    if (difference !== undefined) return `topic "${name}": ${difference}`
  }
  return undefined
}
function schemaDifference(side, expected, actual) {
  const schema = expected.get(`${side}Schema`)
  if (schema !== undefined && schema !== null) {
    const found = actual === undefined ? 'none' : canonical(actual.schema)
    if (found !== canonical(schema)) {
      return `${side} schema: expected ${canonical(schema)}, got ${found}`
    }
  }
  const id = expected.get(`${side}SchemaId`)
  if (id instanceof JsonNumber && id.text !== String(actual?.id)) {
    return `${side} schema id: expected ${id.text}, got ${actual?.id ?? 'none'}`
  }
  return undefined
}
/** Text in which equal JSON values are equal: the order of members does not count. */
function canonical(json) {
  if (isArray(json)) return `[${json.map(canonical).join(',')}]`
  if (!(json instanceof JsonObject)) return formatJson(json)
  const members = Array.from(
    json.members,
    ([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`,
  )
  return `{${members.toSorted().join(',')}}`
}
