import { describe, expect, it } from 'vitest'

import { sampleDictionary, trainDictionary } from './build-dictionary.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('dictionaries', () => {
  it('take the samples from the beginning, up to their size', () => {
    expect(sampleDictionary([bytes('abc'), bytes('def')], 5)).toEqual(bytes('abcde'))
    expect(sampleDictionary([bytes('abc')], 5)).toEqual(bytes('abc'))
    expect(sampleDictionary([], 5)).toEqual(bytes(''))
  })

  it('trained, keep what occurs often and leave out noise', () => {
    const often = '{"customer":{"address":{"street":"Main Street","city":"Springfield"}}}'
    let noise = 7
    const samples: Uint8Array[] = []
    for (let i = 0; i < 200; i++) {
      let text = ''
      for (let k = 0; k < 40; k++) {
        noise = (Math.imul(noise, 1103515245) + 12345) & 0x7fffffff
        text += String.fromCharCode(33 + ((noise >> 16) % 90))
      }
      samples.push(bytes(text + often))
    }
    const dictionary = trainDictionary(samples, 1 << 20, 512)
    expect(dictionary.length).toBeLessThanOrEqual(512)
    expect(new TextDecoder().decode(dictionary)).toContain('"address":{"street":"Main Street"')
    expect(trainDictionary([bytes('short')], 1000, 512)).toEqual(bytes('short'))
  })
})
