public import Netlink

/// Why the running ruleset could not be read.
public enum ReadError: Error, Hashable, Sendable {
  case netlink(NetlinkError)
  /// The kernel told something that cannot be read while it was asked to, as in "list the tables".
  case message(MessageError, doing: String)
  /// The ruleset changed during every one of so many attempts.
  case unsettled(attempts: Int)
}

extension ReadError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .netlink(let error): error.description
    case .message(let error, let doing): "cannot \(doing): \(error)"
    case .unsettled(let attempts):
      "cannot read the ruleset: something else changed it during each of \(attempts) attempts"
    }
  }

  public var remedy: String? {
    switch self {
    case .netlink(let error): error.remedy
    case .message: nil
    case .unsettled: "find out with \"nft monitor\" what changes it, and try again"
    }
  }
}

extension MessageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed: "the kernel's message is malformed"
    case .otherType(let type): "the kernel sent a message of type \(type)"
    case .missing(let attribute): "the kernel's message lacks attribute \(attribute)"
    case .duplicateKey(let set): "set \(set) was told twice"
    }
  }
}
