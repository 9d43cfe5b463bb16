/// What a host's state directory says.
///
/// A host is in one of few states: nothing confirmed or something, with a trial or without, and stopped or not.
/// The disk is written ahead of the kernel, so that whoever comes after a power cut or a killed process knows
/// what was meant; ``recovery(_:in:isStopOver:)`` then leads to a state without a trial, or back into the one that runs.
package struct HostState: Hashable, Sendable {
  /// The revision that boots; `nil`: none was ever confirmed.
  package var confirmed: RevisionNumber?
  package var trial: Trial?
  /// The highest number that was given to a revision, 0 before the first.
  package var last: RevisionNumber
  /// Somebody has taken the rules away on purpose.
  package var stop: Stop?
  /// Whom the host has cut off, those among them whose time is over.
  package var quarantine: [Quarantine] = []
  /// What the host has opened for a time, that of it among them which is over.
  package var opened: [Opened] = []
  /// The greatest index that was confirmed.
  package var approved: Approved?

  package init(
    confirmed: RevisionNumber? = nil, trial: Trial? = nil, last: RevisionNumber = .init(rawValue: 0),
    stop: Stop? = nil
  ) {
    self.confirmed = confirmed
    self.trial = trial
    self.last = last
    self.stop = stop
  }
}
