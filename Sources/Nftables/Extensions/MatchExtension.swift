public import Addressing

/// A match of iptables as a step of a rule (`match`, net/netfilter/nft_compat.c): ends the rule unless the
/// packet is as it says.
public struct MatchExtension: Hashable, Sendable {
  /// As in iptables-extensions(8), such as `conntrack`.
  public let name: String
  public let revision: UInt32
  /// The kernel's structure, byte for byte; empty where it is not known.
  public let structure: [UInt8]
  /// All of them have to hold; `nil`: what the structure says is not modelled.
  public let conditions: [MatchCondition]?
  /// The same in the kernel's own steps, one way or another; each way begins with registers of its own.
  public let ways: [[Expression]]
  /// Whether the ways say all of it; if not, a packet that goes one of them may match or not.
  public let isExact: Bool

  /// - Parameters:
  ///   - name: of the extension: `conntrack`.
  ///   - revision: of its structure.
  ///   - structure: the bytes that the kernel has of it.
  ///   - family: that of the table.
  public init(name: String, revision: UInt32, structure: [UInt8], family: Family) {
    self.name = name
    self.revision = revision
    self.structure = structure
    conditions = MatchReading(revision: revision, structure: structure, family: family).conditions(of: name)
    let meaning = MatchSteps(family: family).meaning(of: conditions ?? [])
    ways = meaning.ways
    isExact = conditions != nil && meaning.isExact
  }
}

/// A target of iptables as the last step of a rule (`target`, net/netfilter/nft_compat.c).
public struct TargetExtension: Hashable, Sendable {
  /// As in iptables-extensions(8), such as `REJECT`.
  public let name: String
  public let revision: UInt32
  /// The kernel's structure, byte for byte; empty where it is not known.
  public let structure: [UInt8]
  /// That of the table.
  public let family: Family
  public let effect: TargetEffect

  public init(name: String, revision: UInt32, structure: [UInt8], family: Family) {
    self.name = name
    self.revision = revision
    self.structure = structure
    self.family = family
    effect = TargetReading(revision: revision, structure: structure, family: family).effect(of: name)
  }
}

/// What becomes of a packet.
public enum TargetEffect: Hashable, Sendable {
  /// The next rule is looked at; the packet or its connection may have been noted or marked.
  case continues
  /// As ``continues``, and connection tracking leaves the packet alone (`CT --notrack`).
  case untracks
  /// Dropped, with an answer.
  case rejects(Reject)
  /// Accepted, with other addresses or ports; `nil`: which ones is not known.
  case translates(TranslationRange?)
  /// Handed to a socket of this host, or dropped where there is none (`TPROXY`); `nil` is the address of the
  /// interface.
  case proxies(Address?, port: UInt16)
  /// Anything, or not modelled.
  case unknown
}
