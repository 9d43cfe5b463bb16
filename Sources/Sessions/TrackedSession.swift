package import Addressing

/// An entry of the kernel's connection tracking.
package struct TrackedSession: Hashable, Sendable {
  /// The headers of the packets of one direction.
  package struct Tuple: Hashable, Sendable {
    package let source: Address
    package let destination: Address
    package let ipProtocol: IPProtocol
    /// 0 where the protocol has no ports.
    package let sourcePort: UInt16
    package let destinationPort: UInt16
    /// Of ICMP; 0 elsewhere.
    package let messageType: UInt8
    package let messageCode: UInt8

    package init(
      from source: Address, to destination: Address, _ ipProtocol: IPProtocol, sourcePort: UInt16 = 0,
      destinationPort: UInt16 = 0, messageType: UInt8 = 0, messageCode: UInt8 = 0
    ) {
      self.source = source
      self.destination = destination
      self.ipProtocol = ipProtocol
      self.sourcePort = sourcePort
      self.destinationPort = destinationPort
      self.messageType = messageType
      self.messageCode = messageCode
    }
  }

  /// As whoever began it sends; ahead of translation.
  package let original: Tuple
  /// As the answers are sent: from the translated destination to the translated source.
  package let reply: Tuple
  /// `IPS_*` bits of linux/netfilter/nf_conntrack_common.h.
  package let status: UInt32
  /// Whether tracking came upon it half-way, so that its first packet was not the one that opened it: either end may have
  /// begun it.
  package let isPickedUp: Bool
  /// Whether both ends have closed it, or one has broken it off: it is nobody's any more, and its entry stays for a while.
  package let isOver: Bool
  /// What names the entry to the kernel: the payloads of `CTA_TUPLE_ORIG`, `CTA_ID` and `CTA_ZONE`.
  package let name: Name

  /// Of one entry, whole: a part of it could name others.
  package struct Name: Hashable, Sendable {
    package let tuple: [UInt8]
    package let id: UInt32
    /// Empty: in no zone.
    package let zone: [UInt8]

    package init(tuple: [UInt8], id: UInt32, zone: [UInt8] = []) {
      self.tuple = tuple
      self.id = id
      self.zone = zone
    }

    /// The number alone is another for almost every entry.
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
  }

  package init(
    original: Tuple, reply: Tuple, status: UInt32, isPickedUp: Bool, isOver: Bool = false, name: Name
  ) {
    self.original = original
    self.reply = reply
    self.status = status
    self.isPickedUp = isPickedUp
    self.isOver = isOver
    self.name = name
  }
}

/// What a kernel tracks.
package struct Tracked: Sendable {
  package var sessions: [TrackedSession] = []
  /// Entries that could not be read.
  package var unread = 0

  package init() {}
}
