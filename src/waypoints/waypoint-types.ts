/** The type of a waypoint whose request names none. */
export const DEFAULT_TYPE = 'related';

/** From a memory to the one stored next in its session. Made when the latter is stored. */
export const NEXT = 'next';
/** From a memory to the most similar of those stored shortly before it. Made when it is stored. */
export const SIMILAR = 'similar';
/** From a memory to one that it was made of. */
export const DERIVED_FROM = 'derived_from';
/** From a memory to a newer one that has taken its place: searches leave it out then. */
export const SUPERSEDED_BY = 'superseded_by';

/** Types of waypoints that the service makes by itself; requests cannot make them, but may delete them. */
export const RESERVED_TYPES: readonly string[] = [NEXT, SIMILAR, DERIVED_FROM];
