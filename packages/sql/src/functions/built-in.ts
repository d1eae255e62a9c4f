import { arrayConcat } from './scalar/array-concat.ts'
import { arrayJoin } from './scalar/array-join.ts'
import { arrayOrder } from './scalar/array-order.ts'
import { arrayRemove } from './scalar/array-remove.ts'
import { arraySets } from './scalar/array-sets.ts'
import { asMap } from './scalar/as-map.ts'
import { atan2 } from './scalar/atan2.ts'
import { bytesText } from './scalar/bytes-text.ts'
import { chr } from './scalar/chr.ts'
import { deprecatedTimeFunctions } from './scalar/deprecated-time.ts'
import { elt } from './scalar/elt.ts'
import { encode } from './scalar/encode.ts'
import { entries } from './scalar/entries.ts'
import { field } from './scalar/field.ts'
import { generateSeries } from './scalar/generate-series.ts'
import { geoDistance } from './scalar/geo-distance.ts'
import { isJsonString } from './scalar/is-json-string.ts'
import { jsonArrayContains } from './scalar/json-array-contains.ts'
import { jsonArrayLength } from './scalar/json-array-length.ts'
import { jsonConcat } from './scalar/json-concat.ts'
import { jsonItems } from './scalar/json-items.ts'
import { jsonKeys } from './scalar/json-keys.ts'
import { jsonRecords } from './scalar/json-records.ts'
import { log } from './scalar/log.ts'
import { mapUnion } from './scalar/map-union.ts'
import { maskFunctions } from './scalar/mask.ts'
import { numbersFromBytes } from './scalar/number-from-bytes.ts'
import { pi } from './scalar/pi.ts'
import { regexpExtract, regexpExtractAll } from './scalar/regexp-extract.ts'
import { regexpReplace } from './scalar/regexp-replace.ts'
import { regexpSplitToArray } from './scalar/regexp-split-to-array.ts'
import { slice } from './scalar/slice.ts'
import { splitToMap } from './scalar/split-to-map.ts'
import { toJsonString } from './scalar/to-json-string.ts'
import { trunc } from './scalar/trunc.ts'
import { unixDate } from './scalar/unix-date.ts'
import { urlFunctions } from './scalar/url.ts'
import { uuid } from './scalar/uuid.ts'
import { attr } from './aggregate/attr.ts'
import { correlation } from './aggregate/correlation.ts'
import { countDistinct } from './aggregate/count-distinct.ts'
import { histogram } from './aggregate/histogram.ts'
import { stddevSamp, stddevSample } from './aggregate/standard-deviation.ts'
import { sumList } from './aggregate/sum-list.ts'
import { topK, topKDistinct } from './aggregate/top-k.ts'
import { average } from './aggregate/average.ts'
import { earliestByOffset, latestByOffset } from './aggregate/by-offset.ts'
import { collectList, collectSet } from './aggregate/collect.ts'
import { count } from './aggregate/count.ts'
import { max, min } from './aggregate/min-max.ts'
import { sum } from './aggregate/sum.ts'
import { cubeExplode } from './table/cube-explode.ts'
import { explode } from './table/explode.ts'
import { createRegistryOf, type FunctionRegistry } from './registry.ts'
import { abs } from './scalar/abs.ts'
import { arrayContains } from './scalar/array-contains.ts'
import { arrayLength } from './scalar/array-length.ts'
import { asValue } from './scalar/as-value.ts'
import { coalesce } from './scalar/coalesce.ts'
import { concat } from './scalar/concat.ts'
import { concatWs } from './scalar/concat-ws.ts'
import { greatest, least } from './scalar/extremum.ts'
import { filter } from './scalar/filter.ts'
import { fromDays } from './scalar/from-days.ts'
import { fromUnixtime } from './scalar/from-unixtime.ts'
import { ifnull } from './scalar/ifnull.ts'
import { initcap } from './scalar/initcap.ts'
import { instr } from './scalar/instr.ts'
import { lcase } from './scalar/lcase.ts'
import { len } from './scalar/len.ts'
import { mapKeys } from './scalar/map-keys.ts'
import { mapValues } from './scalar/map-values.ts'
import { doubleFunctions } from './scalar/math.ts'
import { md5 } from './scalar/md5.ts'
import { nullif } from './scalar/nullif.ts'
import { power } from './scalar/power.ts'
import { random } from './scalar/random.ts'
import { reduce } from './scalar/reduce.ts'
import { replace } from './scalar/replace.ts'
import { round } from './scalar/round.ts'
import { floor, ceil } from './scalar/rounding.ts'
import { sign } from './scalar/sign.ts'
import { split } from './scalar/split.ts'
import { substring } from './scalar/substring.ts'
import { transform } from './scalar/transform.ts'
import { trim } from './scalar/trim.ts'
import { ucase } from './scalar/ucase.ts'
import { unixTimestamp } from './scalar/unix-timestamp.ts'
import { convertTz } from './scalar/convert-tz.ts'
import {
  formatTimestampFunction,
  formatDateFunction,
  formatTimeFunction,
} from './scalar/format-time.ts'
import { lpad, rpad } from './scalar/pad.ts'
import {
  parseTimestampFunction,
  parseDateFunction,
  parseTimeFunction,
} from './scalar/parse-time.ts'
import { timeArithmetic } from './scalar/time-arithmetic.ts'
import { extractJsonField } from './scalar/extract-json-field.ts'

/** A registry with the built-in functions; user functions are added to it. */
export function createFunctionRegistry(): FunctionRegistry {
  return createRegistryOf([
    extractJsonField,
    arrayConcat,
    arrayJoin,
    ...arrayOrder,
    arrayRemove,
    ...arraySets,
    asMap,
    atan2,
    ...bytesText,
    chr,
    ...deprecatedTimeFunctions,
    elt,
    encode,
    entries,
    field,
    generateSeries,
    geoDistance,
    isJsonString,
    jsonArrayContains,
    jsonArrayLength,
    jsonConcat,
    jsonItems,
    jsonKeys,
    jsonRecords,
    log,
    mapUnion,
    ...maskFunctions,
    ...numbersFromBytes,
    pi,
    regexpExtract,
    regexpExtractAll,
    regexpReplace,
    regexpSplitToArray,
    slice,
    splitToMap,
    toJsonString,
    trunc,
    unixDate,
    ...urlFunctions,
    uuid,
    convertTz,
    formatTimestampFunction,
    formatDateFunction,
    formatTimeFunction,
    lpad,
    rpad,
    parseTimestampFunction,
    parseDateFunction,
    parseTimeFunction,
    ...timeArithmetic,
    explode,
    cubeExplode,
    attr,
    correlation,
    countDistinct,
    histogram,
    stddevSamp,
    stddevSample,
    sumList,
    topK,
    topKDistinct,
    average,
    earliestByOffset,
    latestByOffset,
    collectList,
    collectSet,
    count,
    max,
    min,
    sum,
    abs,
    arrayContains,
    arrayLength,
    asValue,
    coalesce,
    concat,
    concatWs,
    greatest,
    least,
    filter,
    fromDays,
    fromUnixtime,
    ifnull,
    initcap,
    instr,
    lcase,
    len,
    mapKeys,
    mapValues,
    ...doubleFunctions,
    md5,
    nullif,
    power,
    random,
    reduce,
    replace,
    round,
    floor,
    ceil,
    sign,
    split,
    substring,
    transform,
    trim,
    ucase,
    unixTimestamp,
  ])
}
