import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'

import { adminContract } from './contract/admin.ts'
import { groupContract } from './contract/groups.ts'
import { recordContract } from './contract/records.ts'
import { transactionContract } from './contract/transactions.ts'
import { ContractContext, type KafkaEnvironment } from './environment.ts'

/**
 * Declares the tests that every cluster must pass, whatever the transport to it: each rule of delivery, isolation, membership and
 * fencing that Varve takes for granted is one test.
 *
 * @param name what is tested, for the report
 * @param createEnvironment called once, before the first test
 */
export function describeKafka(
  name: string,
  createEnvironment: () => Promise<KafkaEnvironment>,
): void {
  describe(name, { timeout: 240_000 }, () => {
    let environment: KafkaEnvironment
    let context: ContractContext

    beforeAll(async () => {
      environment = await createEnvironment()
    }, 480_000)

    afterAll(async () => {
      await environment?.[Symbol.asyncDispose]()
    }, 120_000)

    beforeEach(() => {
      context = new ContractContext(environment)
    })

    afterEach(async () => {
      await context.close()
    })

    const current = (): ContractContext => context
    describe('records', () => recordContract(current))
    describe('admin', () => adminContract(current))
    describe('groups', () => groupContract(current))
    describe('transactions', () => transactionContract(current))
  })
}
