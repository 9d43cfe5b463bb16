/// Why a JSON text is not a ruleset, and where.
public struct RulesetJSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of mistake it is.
  public enum Reason: Hashable, Sendable {
    /// Not JSON at all; the offset is in bytes.
    case syntax(String, offset: Int)
    /// A key that has to be there.
    case missing(String)
    /// Something else than the schema has there.
    case expected(String, found: String)
    /// A value that does not fit its type, such as an address of the other family.
    case invalid(String)
    /// An object that belongs to a table or chain that the text does not have.
    case unknownReference(String)
    /// Two objects, or two elements of a set, with one name or key.
    case duplicate(String)
  }

  public let reason: Reason
  /// Keys and indices from the top, such as `nftables[3].add.set.elem[7]`.
  public let path: String

  init(_ reason: Reason, path: String = "") {
    self.reason = reason
    self.path = path
  }

  /// The same error seen from one level further out.
  func under(_ key: String) -> Self {
    Self(reason, path: path.isEmpty || path.hasPrefix("[") ? key + path : "\(key).\(path)")
  }

  func under(_ index: Int) -> Self {
    Self(reason, path: path.isEmpty || path.hasPrefix("[") ? "[\(index)]\(path)" : "[\(index)].\(path)")
  }

  public var description: String {
    let place = path.isEmpty ? "" : "\(path): "
    return switch reason {
    case .syntax(let what, let offset): "\(place)not JSON at byte \(offset): \(what)"
    case .missing(let key): "\(place)the key \"\(key)\" is missing"
    case .expected(let what, let found): "\(place)expected \(what), found \(found)"
    case .invalid(let what): "\(place)\(what)"
    case .unknownReference(let what): "\(place)there is no \(what)"
    case .duplicate(let what): "\(place)\(what) stands twice"
    }
  }
}
