/**
 * A process that runs cases one by one as its parent asks: a case that hangs or takes the process down ends here.
 */
import { loadSuite, type Selection } from '../suite/load-suite.ts'
import { runCase } from './run-case.ts'

const [directory = '', selection = '{}'] = process.argv.slice(2)
const cases = new Map(
  loadSuite(directory, JSON.parse(selection) as Selection).map((testCase) => [
    testCase.id,
    testCase,
  ]),
)

process.on('message', (id: string) => {
  const testCase = cases.get(id)
  if (testCase === undefined) throw new Error(`there is no case "${id}"`)
  void runCase(testCase).then((verdict) => process.send!(verdict))
})
process.on('disconnect', () => process.exit())
