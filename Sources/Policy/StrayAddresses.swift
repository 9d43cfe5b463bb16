public import Addressing
internal import Diagnostics

/// Addresses from which a machine may speak although its peers deny what comes from there: rules hold the addresses of
/// the inventory, and the kernel chooses its source among those that it has.
///
/// Temporary IPv6 addresses (RFC 8981), those that a router's prefix has made beside a declared one (RFC 4862), and
/// addresses that move between hosts are such.
public struct StrayAddresses: Hashable, Sendable {
  /// An address of another host.
  public struct Foreign: Hashable, Sendable {
    public let address: Address
    public let owner: String
  }

  /// Those that the inventory gives to no host, ascending.
  public let unknown: [Address]
  /// Those that it gives to other hosts, ascending.
  public let foreign: [Foreign]

  /// - Parameters:
  ///   - carried: the addresses of all interfaces of the machine.
  ///   - host: which host of the inventory it is.
  ///   - owners: whose each address of the inventory is.
  public init(carried: some Sequence<Address>, by host: String, owners: [Address: String]) {
    var (unknown, foreign): ([Address], [Foreign]) = ([], [])
    for address in Set(carried).sorted() where !address.staysOnItsLink {
      switch owners[address] {
      case nil: unknown.append(address)
      case let owner? where owner != host: foreign.append(Foreign(address: address, owner: owner))
      default: break
      }
    }
    (self.unknown, self.foreign) = (unknown, foreign)
  }

  public var isEmpty: Bool { unknown.isEmpty && foreign.isEmpty }

  /// What to know of them and what to do, a sentence each, without a final stop.
  public var sentences: [String] {
    var sentences: [String] = []
    if !unknown.isEmpty {
      sentences.append(
        "carries \(listed(unknown.map(\.description))), which the inventory gives to no host: peers deny what comes "
          + "from there, and what is open to the host is open there as well; add to the host's addresses what it speaks from, or keep it from being used"
      )
    }
    if !foreign.isEmpty {
      sentences.append(
        "carries \(listed(foreign.map { "\($0.address) of \($0.owner)" })): peers take what comes from there for "
          + "the other host's, and deny what that may not; correct the inventory, or the machine")
    }
    return sentences
  }
}

extension Address {
  /// Whether no packet leaves a link with it as its source: loopback (RFC 1122, RFC 4291), "this network", and
  /// link-local (RFC 3927, RFC 4291).
  fileprivate var staysOnItsLink: Bool {
    switch family {
    case .ipv4: [0, 127].contains(bits >> 24) || bits >> 16 == 0xa9fe
    case .ipv6: bits <= 1 || bits >> 118 == 0xfe80 >> 6
    }
  }
}
