public import Nftables

/// Why the kernel's bytes could not be read as an nftables object.
public enum MessageError: Error, Hashable, Sendable {
  /// A length that does not fit, or an attribute of the wrong size.
  case malformed
  /// A message of another subsystem or type, by its number.
  case otherType(UInt16)
  /// An attribute that the kernel always sends is absent or has another form (its `NFTA_*` number).
  case missing(UInt32)
  /// Two elements with one key: the dump was torn by a change.
  case duplicateKey(SetName)
}
