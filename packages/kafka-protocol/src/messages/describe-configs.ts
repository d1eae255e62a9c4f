/** DescribeConfigs (api key 32). Resource types: 2 topic, 4 broker. */
export interface DescribeConfigsRequest {
  readonly resources: readonly {
    readonly resourceType: number
    readonly resourceName: string
    /** `null`: all. */ readonly configNames: readonly string[] | null
  }[]
}

export interface DescribeConfigsResponse {
  readonly results: readonly {
    readonly errorCode: number
    readonly errorMessage: string | null
    readonly resourceType: number
    readonly resourceName: string
    readonly configs: readonly {
      readonly name: string
      readonly value: string | null
      readonly readOnly: boolean
      /** 1 topic, 2 dynamic broker, 4 static broker, 5 default. */
      readonly source: number
      readonly isSensitive: boolean
    }[]
  }[]
}
