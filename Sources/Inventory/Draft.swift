import Addressing
import Policy

/// What the files say, before names mean anything: the shapes are right, the references are open.
struct Draft {
  var mode = ModeDraft()
  var deny: DenyAction?
  var containers = ContainersDraft()
  /// The name of the service by which hosts are managed.
  var management: NodeID?
  var logGroup: UInt16?
  var zones: [ZoneDraft] = []
  var networks: [NetworkDraft] = []
  var services: [ServiceDraft] = []
  var hosts: [HostDraft] = []
  var virtuals: [VirtualDraft] = []
  /// The addresses of all hosts and the virtual ones, those of one entry behind the other's.
  var addresses: [AddressDraft] = []
  /// Lists of groups that hosts share; ``HostDraft/groups`` is an index.
  var groupLists: [[Symbol]] = []
  var groups: [GroupDraft] = []
  var flows: [FlowDraft] = []
  var guards: [GuardDraft] = []
  var tripwires: [TripwireDraft] = []
}

/// The modes that were written; what was not comes from the settings.
struct ModeDraft {
  var ingress: Mode?
  var egress: Mode?
  var forward: Mode?
  /// Where they are written; `nil`: nowhere.
  var node: NodeID?

  /// What is written here, else what is written there.
  func or(_ other: Self) -> Self {
    Self(
      ingress: ingress ?? other.ingress, egress: egress ?? other.egress, forward: forward ?? other.forward,
      node: node ?? other.node)
  }
}

struct ZoneDraft {
  let name: Symbol
  let key: NodeID
  var description: String?
  var crown = false
}

struct NetworkDraft {
  let name: Symbol
  let key: NodeID
  var prefixes: [AddressRange] = []
  var exceptions: [ExceptionDraft] = []
}

struct VirtualDraft {
  let name: Symbol
  let key: NodeID
  /// In ``Draft/addresses``.
  let addresses: Range<Int>
  /// `nil`: missing, and reported.
  let carriers: NodeID?
}

struct ExceptionDraft {
  enum Kind {
    case managed
    case `private`
    case addresses(AddressRange)
    case network(Symbol)
  }

  let kind: Kind
  let node: NodeID
}

struct ServiceDraft {
  let name: Symbol
  let key: NodeID
  let terms: [ServiceTerm]
  let multicast: AddressSet
  let replies: PortSet?
}

/// The multicast part of a service.
struct MulticastDraft {
  var groups: [Prefix] = []
  /// Ports at which a requester awaits answers.
  var replies: PortSet?
}

struct AddressDraft {
  let address: Address
  let node: NodeID
}

struct HostDraft {
  let name: Symbol
  let key: NodeID
  /// In ``Draft/addresses``.
  let addresses: Range<Int>
  let body: HostBody
  let ssh: String?
}

/// What the hosts of a range share.
struct HostBody {
  var zone: (name: Symbol, node: NodeID)?
  /// In ``Draft/groupLists``.
  var groups: Int?
  var mode = ModeDraft()
  var deny: DenyAction?
  var forwarding = ForwardingDraft.leave
  var dhcp = false
  var crown = false
  var transport: TransportDraft?
}

enum ForwardingDraft {
  case leave
  case deny
  case gateway([RouteDraft])
  case containers(ContainersDraft)
}

/// The two selectors of a route.
struct RouteDraft {
  let one: NodeID
  let other: NodeID
}

struct GroupDraft {
  let name: Symbol
  let key: NodeID
  /// `nil`: missing, and reported.
  var selector: NodeID?
  var transport: TransportDraft?
  var servesByItself = false
}

struct FlowDraft {
  let name: Symbol
  let key: NodeID
  let from: NodeID
  let to: NodeID
  let service: NodeID
  let per: NodeID?
  let why: String
  let owner: String?
  let ticket: String?
  let until: Timestamp?
}

struct GuardDraft {
  enum Statement {
    case never(from: NodeID, to: NodeID, service: NodeID?, hops: Int)
    case only(from: NodeID?, to: NodeID?, service: NodeID?)
    case expect(from: NodeID, to: NodeID, service: NodeID, allowed: Bool)
    case isolated(NodeID)
    case through(from: NodeID, to: NodeID, via: NodeID)
  }

  let name: Symbol
  let key: NodeID
  let statement: Statement
  let why: String?
}

struct TripwireDraft {
  enum Trigger {
    case doors(Int, within: Int)
    case touch(NodeID)
  }

  let name: Symbol
  let key: NodeID
  let on: NodeID
  let from: NodeID?
  let spare: NodeID?
  let trigger: Trigger
  let cut: Int
  let why: String
}
