/** What the names of members that routing added to a key begin with. */
export const ROUTING_PREFIX = '__dbz__'
