public import Netlink

/// Why a transaction did not change the ruleset.
public enum CommitError: Error, Hashable, Sendable {
  /// The ruleset is not at the expected generation any more; nothing was changed.
  case moved(expected: UInt32)
  /// The kernel refused these parts; nothing was changed. Not empty.
  case refused([KernelRefusal])
  /// An operation cannot be said in the kernel's messages; nothing was sent.
  case unencodable(object: String, EncodingError)
  /// The kernel discarded the batch without a word; nothing was changed.
  case discarded
  /// Answers were lost: whether the ruleset was changed must be read from it.
  case uncertain
  case netlink(NetlinkError)
}

/// One part of a transaction that the kernel refused.
public struct KernelRefusal: Hashable, Sendable {
  /// Index of the operation in the change; `nil` when the whole batch is meant.
  public let operation: Int?
  /// What it was about: "set app.v4 in table inet sekisho".
  public let object: String
  /// The element it was about: "10.0.0.1".
  public let element: String?
  public let code: KernelErrno
  /// What the error means here, in words.
  public let reason: String
  /// The kernel's own words.
  public let extended: String?

  package init(
    operation: Int?, object: String, element: String?, code: KernelErrno, reason: String, extended: String?
  ) {
    self.operation = operation
    self.object = object
    self.element = element
    self.code = code
    self.reason = reason
    self.extended = extended
  }
}

extension KernelRefusal: CustomStringConvertible {
  public var description: String {
    let place = element.map { "\(object), element \($0)" } ?? object
    let words = extended.map { "; the kernel says \"\($0)\"" } ?? ""
    return "\(place): \(reason) (\(code.name))\(words)"
  }
}

extension CommitError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .moved(let expected):
      "the ruleset moved: it is not at generation \(expected) any more; nothing was changed"
    case .refused(let refusals):
      "the kernel refused the transaction, nothing was changed: "
        + (refusals.first?.description ?? "no reason given")
        + (refusals.count > 1 ? " (and \(refusals.count - 1) more)" : "")
    case .unencodable(let object, let error): "\(object): \(error)"
    case .discarded: "the kernel discarded the transaction without an answer; nothing was changed"
    case .uncertain:
      "answers of the kernel were lost: read the ruleset to see whether the transaction took place"
    case .netlink(let error): error.description
    }
  }

  public var remedy: String? {
    switch self {
    case .moved: "something else changed the ruleset: compare again and retry"
    case .refused(let refusals) where refusals.contains { $0.code == .perm }:
      NetlinkError.failed(.perm, doing: "", extended: nil).remedy
    case .netlink(let error): error.remedy
    default: nil
    }
  }
}
