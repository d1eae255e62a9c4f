import { describe } from 'vitest'

import { changePipelines } from './change-pipelines.ts'
import { eventParticipation } from './event-participation.ts'
import { onEachBroker } from './on-each-broker.ts'
import { sensorReadings } from './sensor-readings.ts'

onEachBroker((place) => {
  describe('sensor readings: a materialized average', () => sensorReadings(place))
  describe('event participation: change events, a dimension, a join', () =>
    eventParticipation(place))
  describe('changes of a table as events', () => changePipelines(place))
})
