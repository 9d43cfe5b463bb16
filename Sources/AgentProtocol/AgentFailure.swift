/// Why a host could not do what it was asked, in parts: a program acts on them, ``description`` says them.
package struct AgentFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What a program can act on.
  package enum Code: String, Hashable, Sendable, CaseIterable {
    /// What was looked at is not what is there.
    case moved
    /// Another apply is running on the host.
    case busy
    /// A change is on trial on the host, and has to end first.
    case trialRuns = "trial-runs"
    /// No change is on trial, or not the one that is meant.
    case noTrial = "no-trial"
    /// The process may not change the ruleset.
    case notPermitted = "not-permitted"
    /// The kernel refused the transaction, which left everything as it was.
    case refused
    /// The kernel took the transaction, and it was not shown that it has what was sent.
    case unproven
    /// It is done, and the books do not say so.
    case unwritten
    /// The request could not be read, or cannot be.
    case badRequest = "bad-request"
    /// Somebody who is there could not come again.
    case lockout
    /// The machine that answers is another host than the one that was meant.
    case wrongHost = "wrong-host"
    /// The two ends are of versions that do not go together.
    case otherVersion = "other-version"
    /// The agent could not be reached, broke off, or does not speak the protocol.
    case unreachable
    /// The agent did not answer in time.
    case timedOut = "timed-out"
    /// The host takes only what was approved, and this was not, or not any more.
    case unapproved
    /// Anything else of the environment.
    case failed
  }

  /// What has become of the host's ruleset.
  package enum Happened: String, Hashable, Sendable, Codable {
    /// It is as it was.
    case nothing
    /// The change took place.
    case applied
    /// Either; only the host can tell.
    case unknown
  }

  /// An error number of the host's kernel.
  package struct ErrorNumber: Hashable, Sendable, Codable {
    package let number: Int32
    /// `EPERM`.
    package let name: String

    package init(number: Int32, name: String) {
      self.number = number
      self.name = name
    }
  }

  package let code: Code
  /// The object it is about: `set app.v4 in table inet sekisho`.
  package var object: String?
  /// The element it is about: `10.0.0.1`.
  package var element: String?
  package var errno: ErrorNumber?
  /// What is wrong, and in which words the kernel said so.
  package let message: String
  /// What to do.
  package var remedy: String?
  package var happened: Happened

  package init(
    _ code: Code, _ message: String, object: String? = nil, element: String? = nil,
    errno: ErrorNumber? = nil, remedy: String? = nil, happened: Happened = .nothing
  ) {
    self.code = code
    self.message = message
    self.object = object
    self.element = element
    self.errno = errno
    self.remedy = remedy
    self.happened = happened
  }

  package var description: String {
    var text =
      code == .refused && errno != nil ? "the kernel refused the transaction, nothing was changed: " : ""
    if let object { text += element.map { "\(object), element \($0): " } ?? "\(object): " }
    text += message
    if let errno { text += " (\(errno.name))" }
    if let remedy { text += "; \(remedy)" }
    return text
  }
}

extension AgentFailure {
  /// The same of what was done all the same: the kernel has it, and what failed is that it is written down.
  ///
  /// - Parameters:
  ///   - done: what the kernel has, in a sentence.
  ///   - remedy: what to do, and what becomes of it else.
  package func unwritten(_ done: String, remedy: String) -> AgentFailure {
    let cause = (object.map { "\($0): " } ?? "") + message
    return AgentFailure(
      .unwritten, "\(done), but that is not written down: \(cause)", errno: errno, remedy: remedy,
      happened: .applied)
  }

  /// A host that asks for signatures was given a change without.
  package static let unsigned = AgentFailure(
    .unapproved, "this host takes only what is signed",
    remedy: "sekisho diff --out PLAN, sekisho sign PLAN, sekisho apply PLAN; or sign a bundle, which it pulls"
  )
}

extension AgentFailure: Codable {
  private enum Key: CodingKey {
    case code, object, element, errno, message, remedy, happened
  }

  /// A code or an outcome that is not known is taken for the least that is known.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Key.self)
    let text = { (key: Key) in
      try fields.decodeIfPresent(String.self, forKey: key).map { Bounds.clamped($0, to: Bounds.message) }
    }
    let number = try fields.decodeIfPresent(ErrorNumber.self, forKey: .errno).map {
      ErrorNumber(number: $0.number, name: Bounds.clamped($0.name, to: Bounds.word))
    }
    self.init(
      Code(rawValue: try fields.decode(String.self, forKey: .code)) ?? .failed,
      try text(.message) ?? "no reason was given", object: try text(.object), element: try text(.element),
      errno: number, remedy: try text(.remedy),
      happened: try fields.decodeIfPresent(String.self, forKey: .happened).map {
        Happened(rawValue: $0) ?? .unknown
      } ?? .nothing)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Key.self)
    try fields.encode(code.rawValue, forKey: .code)
    try fields.encodeIfPresent(object, forKey: .object)
    try fields.encodeIfPresent(element, forKey: .element)
    try fields.encodeIfPresent(errno, forKey: .errno)
    try fields.encode(message, forKey: .message)
    try fields.encodeIfPresent(remedy, forKey: .remedy)
    try fields.encode(happened, forKey: .happened)
  }
}
