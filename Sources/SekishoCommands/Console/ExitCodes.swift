internal import ArgumentParser

/// The exit codes that scripts can rely on; 64 (usage) is given by the argument parser.
extension ExitCode {
  /// Something went wrong; the message says what.
  static let failed = ExitCode(1)
  /// There are differences (`diff`), or warnings under `--strict` (`check`).
  static let differs = ExitCode(2)
  /// Refused because what was looked at has moved since.
  static let moved = ExitCode(3)
  /// A host is not as it was confirmed (`drift`).
  static let drifted = ExitCode(3)
  /// A guard, an expectation or a probe failed.
  static let broken = ExitCode(4)
  /// A change on trial was not confirmed: the ruleset from before is in force.
  static let rolledBack = ExitCode(5)
  /// Refused because nobody could log in afterwards.
  static let lockedOut = ExitCode(6)
  /// What was confirmed could not be loaded: the fallback stands (`boot`).
  static let fallback = ExitCode(7)
}
