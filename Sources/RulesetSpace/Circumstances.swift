public import Addressing
public import Nftables

/// What is known of the host and the packet beside the connection itself.
///
/// Always taken for granted: the packet comes or goes over a link, not over the loopback unless that is named, and, unless one
/// is named, comes by the link by which its source is reached; the packet is no fragment and has no extension headers; a TCP packet
/// has SYN and neither ACK, RST, FIN, PSH nor URG.
public struct Circumstances: Hashable, Sendable {
  /// A link by its name; `index` is `nil` where it is not known.
  public struct Link: Hashable, Sendable {
    public let name: String
    public let index: UInt32?

    public init(name: String, index: UInt32? = nil) {
      self.name = name
      self.index = index
    }
  }

  /// A link, and the addresses to which packets leave by it.
  public struct Exit: Hashable, Sendable {
    public let link: Link
    public let destinations: AddressSet

    public init(_ link: Link, to destinations: AddressSet) {
      self.link = link
      self.destinations = destinations
    }
  }

  /// Addresses that the host calls its own where they are a packet's source, and where they are its destination;
  /// `nil`: not known. They differ only where several hosts are looked at together.
  public var ownSources: AddressSet?
  public var ownDestinations: AddressSet?
  /// Nanoseconds since 1970; `nil`: not known.
  public var time: UInt64?
  /// What connection tracking makes of the packet. Anything but `new` also leaves open what flags a TCP
  /// packet has: with `established` the lower bound says whether replies always pass.
  public var state: ConntrackState
  /// Those of a TCP packet that is no first one; `nil`: not known.
  package var flags: TCPFlags?
  /// The link that packets come by, and the one that they go by; `nil`: any but the loopback.
  public var input: Link?
  public var output: Link?
  /// Names of links that packets neither come by nor go by unless one is named, or translation leads them there: bridges
  /// of containers, of which something else is to be said. A name is a number of 16 bytes, its first the highest.
  public var apartFrom: IntervalSet<UInt128>
  /// Names, as those of ``apartFrom``, of further links that packets do not come by, wherever they go; of no meaning where
  /// ``input`` is named.
  package var notBy = IntervalSet<UInt128>()
  /// Where the links of the host lead, as far as it is known; disjoint. It says by which link packets leave that
  /// translation led onward, and where links are looked at apart all others too. Of no meaning where ``output`` is named.
  public var exits: [Exit] = []
  /// What the kernel does beside.
  package var kernel = KernelFacts()
  /// Whether what goes out is for the host itself: it goes over the loopback, and in again.
  package var isToItself = false

  public init(
    ownAddresses: AddressSet? = nil, time: UInt64? = nil, state: ConntrackState = .new,
    apartFrom: IntervalSet<UInt128> = IntervalSet()
  ) {
    ownSources = ownAddresses
    ownDestinations = ownAddresses
    self.time = time
    self.state = state
    self.apartFrom = apartFrom
  }

  /// - Parameters:
  ///   - ownAddresses: the addresses of the host; `nil`: not known.
  ///   - moment: seconds since 1970.
  ///   - apartFrom: names of links, see ``apartFrom``.
  public init(
    ownAddresses: AddressSet?, atSecond moment: Int64, apartFrom: IntervalSet<UInt128> = IntervalSet()
  ) {
    self.init(
      ownAddresses: ownAddresses, time: UInt64(max(0, moment)) * 1_000_000_000, apartFrom: apartFrom)
  }
}
