/** Topic of the change events of the table of campaign names. */
export const NAME = 'EVENT_MYSQL.EVENT.NAME'
/** Topic of the change events of the table of submissions. */
export const SUBMIT = 'EVENT_MYSQL.EVENT.SUBMIT'
export const changeTopics: readonly string[] = [NAME, SUBMIT]
