/** Why a case failed, thrown by the runner's own checks. */
export class CaseFailure extends Error {}
