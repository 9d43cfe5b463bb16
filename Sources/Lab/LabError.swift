internal import Machine
internal import SystemPackage

/// Why a lab could not do what was asked: a failure of the environment, never of the inventory.
package struct LabError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is, for programs.
  package enum Code: String, Hashable, Sendable {
    /// The policy cannot be laid out as namespaces on one machine.
    case layout
    /// The directory for runtime files cannot be used.
    case runtimeDirectory
    /// A lab is already up, or is being started or ended by another process.
    case busy
    /// No lab is up.
    case notRunning
    /// No host or network of that name is in the lab.
    case unknownHost
    /// A program that the lab needs is not installed.
    case missingProgram
    /// The kernel or a program refused a step.
    case refused
    /// The keeper did not answer in time.
    case timeout
  }

  package let code: Code
  /// What happened and what to do about it.
  package let message: String
  /// What it happened to: a host, a file, a command; `nil` when the message says it all.
  package let object: String?

  package init(_ code: Code, _ message: String, object: String? = nil) {
    self.code = code
    self.message = message
    self.object = object
  }

  init(_ failure: SystemFailure) {
    self.init(failure.errno == .timedOut ? .timeout : .refused, failure.message, object: failure.object)
  }

  package var description: String { object.map { "\($0): \(message)" } ?? message }
}
