/** How many days of requests are looked at where nothing is said, and at most. */
export const USUAL_DAYS = 30;
export const MAX_DAYS = 366;
