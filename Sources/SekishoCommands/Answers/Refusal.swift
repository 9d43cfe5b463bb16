internal import AgentProtocol
internal import ArgumentParser
internal import Artifacts
internal import Diagnostics
internal import InventoryFiles
internal import Machine
internal import Operations

/// Why a verb was not carried out, in parts that a program can act on.
struct Refusal: Error {
  enum Code: String {
    /// The command line.
    case usage
    /// The inventory, or a file beside it, cannot be read.
    case unreadable
    /// The inventory has mistakes.
    case mistakes
    /// A guard does not hold.
    case guardBroken = "guard-broken"
    /// What was shown has moved.
    case moved
    /// A host could not be asked, or could not do it.
    case host
    /// Somebody could not log in any more.
    case lockout
    /// Nobody said yes.
    case notConfirmed = "not-confirmed"
    /// A run of apply goes on, was left, or is none.
    case run
    /// No lab is up, or it is of another inventory.
    case lab
    /// Questions of a batch without an answer.
    case unanswered
    /// Anything else of the environment.
    case failed
  }

  let code: Code
  /// What happened; `remedy`: what to do.
  let message: String
  let remedy: String?
  /// A file that it is about, and the error number of the call that failed there.
  var object: String?
  var errno: Int32?
  /// What is shown ahead of the message.
  var parts: [Answer.Part] = []
  var diagnostics: [DiagnosticJSON] = []
  var brokenGuards: [BrokenGuards.Entry] = []
  var hosts: [FailureJSON] = []
  var lostLogins: [LostLoginJSON] = []
  /// What to add to the inventory, as a file of its own.
  var missingFlows: String?

  init(_ code: Code, _ message: String, remedy: String? = nil) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  /// Tells of hosts ahead of the message.
  mutating func add(_ failures: [(host: String, error: any Error)]) {
    parts += failures.map { .failure("\($0.error)", of: $0.host) }
    hosts += failures.map { FailureJSON($0.error, host: $0.host) }
  }

  /// Hosts could not be asked, or could not do it.
  init(of failures: [(host: String, error: any Error)], _ message: String) {
    self.init(.host, message)
    add(failures)
  }

  /// What anything that was thrown means to a user.
  init(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let usage as ValidationError: self.init(.usage, usage.message)
    case let misuse as Misuse: self.init(.usage, "\(misuse)")
    case let mistakes as InventoryMistakes:
      self.init(.mistakes, "the inventory has mistakes: \(mistakes.report.summary); nothing was done")
      parts = [.diagnostics(mistakes.report, mistakes.sources)]
      diagnostics = mistakes.report.json(mistakes.sources)
    case let guards as GuardsBroken:
      self = BrokenGuards(guards.loaded, guards.broken).refusal ?? Refusal(.guardBroken, "")
    case let moved as PlanMoved:
      self.init(.moved, moved.reason)
      add(moved.hosts.map { ($0.host, $0.error) })
    case let refusal as RunRefusal: self.init(refusal)
    case let unready as RunUnready:
      self.init(.host, "not every host could go back to what it has; nothing was applied")
      add(unready.hosts.map { ($0.host, RunStop(reason: $0.reason)) })
    case let fault as LabFault: self.init(.lab, fault.reason, remedy: fault.remedy)
    case let failure as InventoryUnreadable:
      self.init(.unreadable, failure.path, failure.reason, failure.remedy, errno: failure.code)
    case let failure as OutputFailure:
      self.init(.failed, failure.path, failure.reason, failure.remedy, errno: failure.code)
    case let failure as DirectoryRefusal: self.init(.failed, failure.path, failure.reason, failure.remedy)
    case is RulesetFileError: self.init(.unreadable, "\(error)")
    case let failure as AgentFailure:
      self.init(failure.code == .moved ? .moved : .host, "\(failure)")
    default: self.init(.failed, "\(error)")
    }
  }

  private init(_ code: Code, _ path: String, _ reason: String, _ remedy: String?, errno: Int32 = 0) {
    self.init(code, "\(path): \(reason)", remedy: remedy)
    object = path
    self.errno = errno == 0 ? nil : errno
  }

  var exitCode: ExitCode {
    switch code {
    case .usage: .validationFailure
    case .moved: .moved
    case .guardBroken: .broken
    case .lockout: .lockedOut
    default: .failed
    }
  }

  /// In one sentence.
  var text: String { remedy.map { "\(message); \($0)" } ?? message }

  /// For programs.
  var json: some Encodable { File(error: File.Refused(self)) }

  private struct File: Encodable {
    struct Refused: Encodable {
      let code: String
      let message: String
      let remedy: String?
      let object: String?
      let errno: Int32?
      let diagnostics: [DiagnosticJSON]?
      let brokenGuards: [BrokenGuards.Entry]?
      let hosts: [FailureJSON]?
      let lostLogins: [LostLoginJSON]?
      let missingFlows: String?

      init(_ refusal: Refusal) {
        code = refusal.code.rawValue
        message = refusal.message
        remedy = refusal.remedy
        object = refusal.object
        errno = refusal.errno
        diagnostics = refusal.diagnostics.isEmpty ? nil : refusal.diagnostics
        brokenGuards = refusal.brokenGuards.isEmpty ? nil : refusal.brokenGuards
        hosts = refusal.hosts.isEmpty ? nil : refusal.hosts
        lostLogins = refusal.lostLogins.isEmpty ? nil : refusal.lostLogins
        missingFlows = refusal.missingFlows
      }
    }

    let error: Refused
  }
}

/// Why a host could not do what it was asked, for programs.
struct FailureJSON: Encodable {
  let host: String?
  let code: String
  var object: String?
  var element: String?
  var errno: AgentFailure.ErrorNumber?
  let message: String
  var remedy: String?
  /// What has become of the host's ruleset.
  var happened = AgentFailure.Happened.nothing

  init(_ error: any Error, host: String? = nil) {
    self.host = host
    guard let failure = error as? AgentFailure else {
      code = "failed"
      message = "\(error)"
      return
    }
    code = failure.code.rawValue
    object = failure.object
    element = failure.element
    errno = failure.errno
    message = failure.message
    remedy = failure.remedy
    happened = failure.happened
  }
}
