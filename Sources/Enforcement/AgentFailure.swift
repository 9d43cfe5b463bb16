/// Why a host could not do what it was asked; nothing has been applied unless it says so.
public struct AgentFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What a program can act on.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    /// The ruleset moved since it was looked at.
    case moved
    /// Another apply is running on the host.
    case busy
    /// The process may not change the ruleset.
    case notPermitted = "not-permitted"
    /// The kernel refused the transaction, which left everything as it was.
    case refused
    /// The kernel took the transaction but does not have what was sent.
    case unproven
    /// The request could not be read.
    case badRequest = "bad-request"
    /// The machine that answers is another host than the one that was meant.
    case wrongHost = "wrong-host"
    /// The agent could not be reached, or broke off.
    case unreachable
    /// Anything else of the environment.
    case failed
  }

  public let code: Code
  /// What happened and what to do.
  public let message: String
  /// Of a request that could be told apart but not carried out: which one.
  let request: Int?

  public init(_ code: Code, _ message: String) { self.init(code, message, request: nil) }

  init(_ code: Code, _ message: String, request: Int?) {
    self.code = code
    self.message = message
    self.request = request
  }

  public var description: String { message }
}
