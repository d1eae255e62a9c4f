import type { ChangeDecoderOptions } from '@varve/cdc-debezium'

/** A connector's configuration. */
export type ConnectorSettings = Readonly<Record<string, string>>

/** What a user of a connector tells the decoder, because events do not say it. */
export function optionsOf(settings: ConnectorSettings): ChangeDecoderOptions {
  const placeholder = settings['unavailable.value.placeholder']
  const prefix = ofTransforms(settings, 'add.fields.prefix')
  const encoding = binaryEncoding(settings)
  return {
    // No registry gives out the id 0, so looking is safe.
    framing: 'apicurio-auto',
    plainRows: Object.values(settings).some((value) => value.endsWith('.ExtractNewRecordState')),
    ...(placeholder === undefined ? {} : { unavailableValuePlaceholder: placeholder }),
    ...(prefix === undefined ? {} : { addedFieldsPrefix: prefix }),
    ...(encoding === undefined ? {} : { messageContentEncoding: encoding }),
  }
}

function ofTransforms(settings: ConnectorSettings, option: string): string | undefined {
  const name = Object.keys(settings).find(
    (setting) => setting.startsWith('transforms.') && setting.endsWith(`.${option}`),
  )
  return name === undefined ? undefined : settings[name]
}

/** How binary columns are written as text; undefined when they are bytes. */
export function binaryEncoding(
  settings: ConnectorSettings,
): 'base64' | 'base64url' | 'hex' | undefined {
  switch (settings['binary.handling.mode']) {
    case 'base64':
      return 'base64'
    case 'base64-url-safe':
      return 'base64url'
    case 'hex':
      return 'hex'
    default:
      return undefined
  }
}

/** A column's name as the connector was told to adjust it. */
export function adjustedName(settings: ConnectorSettings, name: string): string {
  switch (settings['field.name.adjustment.mode']) {
    case 'avro':
      return name.replace(/[^A-Za-z0-9_]/g, '_')
    case 'avro_unicode':
      return name.replace(
        /[^A-Za-z0-9]/g,
        (character) => `_u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    default:
      return name
  }
}
