internal import Addressing
import Diagnostics
internal import Policy

/// Gives the names of a draft their meaning.
struct PolicyBuilder {
  var loader: InventoryLoader
  /// Indices of ``Draft/hosts`` in order of name.
  private(set) var hosts: [Int]
  /// For each of ``Draft/hosts``, its place in the order of names.
  private(set) var hostIDs: [HostID]
  private var hostNames: [String]
  private(set) var addresses = AddressTable()
  /// Indices of ``Draft/virtuals`` in order of name.
  let virtualOrder: [Int]
  /// For each of ``Draft/virtuals``, its place in the order of names.
  let virtualIDs: [VirtualID]
  /// By ``VirtualID``, ascending.
  private(set) var virtualAddresses: [[Address]] = []
  /// The hosts of zones and of groups that hosts name.
  private(set) var members: [Symbol: HostSet] = [:]
  var networks: [Resolution<AddressSet>]
  var groups: [Resolution<Selection>]
  var peers = PeersTable()
  /// Services in order of name, and where each name is.
  private(set) var services: [Service] = []
  private(set) var serviceIDs: [Symbol: ServiceID] = [:]
  /// The terms of every distinct selector.
  var selectorTerms: [SelectorTerm] = []
  /// How many groups or networks are being made inside each other.
  var nesting = 0
  /// Suggestions cost a look at every name: a run of nonsense gets a few.
  private var suggestionBudget = 20

  init(_ loader: InventoryLoader) {
    self.loader = loader
    let names = loader.draft.hosts.map { loader.symbols.name($0.name) }
    hosts = names.indices.sorted { names[$0] < names[$1] }
    hostNames = hosts.map { names[$0] }
    hostIDs = Array(repeating: HostID(0), count: hosts.count)
    networks = Array(repeating: .unknown, count: loader.draft.networks.count)
    groups = Array(repeating: .unknown, count: loader.draft.groups.count)
    let virtualNames = loader.draft.virtuals.map { loader.symbols.name($0.name) }
    virtualOrder = virtualNames.indices.sorted { virtualNames[$0] < virtualNames[$1] }
    var virtualIDs = Array(repeating: VirtualID(0), count: virtualNames.count)
    for (index, virtual) in virtualOrder.enumerated() { virtualIDs[virtual] = VirtualID(index) }
    self.virtualIDs = virtualIDs
    for (index, host) in hosts.enumerated() { hostIDs[host] = HostID(index) }
  }

  /// - Returns: The policy, which means nothing where the log has errors.
  mutating func build() -> Policy? {
    readAddresses()
    readMembers()
    checkModes()
    readServices()
    for index in networks.indices { _ = network(index) }
    for index in groups.indices { _ = group(index) }
    let transports = resolveTransports()
    let flows = resolveFlows()
    let virtuals = resolveVirtuals()
    let routes = resolveRoutes()
    let guards = resolveGuards()
    let tripwires = resolveTripwires()
    checkFlows(flows, routes)
    let management = loader.draft.management.flatMap { service($0) }
    if hosts.isEmpty, !loader.log.hasErrors, let path = loader.tree.paths.first {
      loader.log.add(
        Diagnostic(
          .error, at: SourceLocation(file: path, line: 0, column: 0), length: 1,
          message: "the inventory has no hosts, and there is nothing to compile",
          help: "write one: `hosts: {web-1: {addresses: [10.20.1.11]}}`"))
    }
    guard !loader.log.hasErrors else { return nil }
    let (peers, order) = peers.finished(addresses, virtualAddresses)
    let policy = Policy(
      hosts: hosts.indices.map { host($0, routes: routes[$0], order, transports[$0]) }, peers: peers,
      services: services,
      flows: flows.map { $0.flow(order, location: loader.tree.location($0.draft.key)) },
      guards: guards.map { $0.renumbered(order) },
      zones: zones(), groups: namedGroups(), hostGroups: hostGroups(), networks: namedNetworks(),
      terms: writtenTerms(), management: management, logGroup: loader.draft.logGroup,
      tripwires: tripwires.map { $0.renumbered(order) },
      virtuals: virtuals.map { virtual in
        virtual.virtual(
          order, virtualAddresses[virtual.id.index],
          location: loader.tree.location(virtual.draft.key))
      })
    return checkTripwires(policy) ? policy : nil
  }

  func name(_ host: HostID) -> String { hostNames[host.index] }

  // MARK: Hosts

  private mutating func readAddresses() {
    let drafts = loader.draft.addresses
    var order: [(index: Int, host: Int)] = []
    order.reserveCapacity(drafts.count)
    for (host, draft) in loader.draft.hosts.enumerated() { order += draft.addresses.map { ($0, host) } }
    for (index, draft) in loader.draft.virtuals.enumerated() {
      order += draft.addresses.map { ($0, loader.draft.hosts.count + index) }
    }
    // Places break the tie: the first in the files is the one that stays.
    order.sort { a, b in
      let (x, y) = (drafts[a.index].address, drafts[b.index].address)
      return x == y ? a.index < b.index : x < y
    }
    reportShared(order)
    virtualAddresses = virtualOrder.map { place in
      drafts[loader.draft.virtuals[place].addresses].map(\.address).sorted()
    }
    if loader.log.hasErrors { return addresses = Self.uniqueAddresses(loader.draft, hosts) }
    addresses = AddressTable(
      hosts.map { host in
        drafts[loader.draft.hosts[host].addresses].map(\.address).sorted()[...]
      })
  }

  /// A table for looking on after errors, without what is there twice.
  private static func uniqueAddresses(_ draft: Draft, _ hosts: [Int]) -> AddressTable {
    var seen: Set<Address> = []
    return AddressTable(
      hosts.map { host in
        draft.addresses[draft.hosts[host].addresses].map(\.address).filter { seen.insert($0).inserted }
          .sorted()[...]
      })
  }

  private mutating func readMembers() {
    var sets: [HostSet?] = Array(repeating: nil, count: loader.symbols.count)
    func insert(_ host: HostID, into name: Symbol) {
      if sets[name.index] == nil { sets[name.index] = HostSet(count: hosts.count) }
      sets[name.index]?.insert(host)
    }
    var reported: NodeID?
    for (index, host) in loader.draft.hosts.enumerated() {
      if let list = host.body.groups {
        for name in loader.draft.groupLists[list] { insert(hostIDs[index], into: name) }
      }
      guard let (name, node) = host.body.zone else { continue }
      insert(hostIDs[index], into: name)
      // The hosts of a range share the place.
      if loader.namespace[name]?.kind != .zone, reported != node {
        reported = node
        loader.error(
          node, "no zone is called \(quoted(name))",
          help: nearest(loader.symbols.name(name), in: { $0.zoneNames }) ?? "declare it in `zones`")
      }
    }
    for (index, set) in sets.enumerated() {
      if let set { members[Symbol(id: UInt32(index))] = set }
    }
  }

  private func host(_ index: Int, routes: [Route]?, _ order: [PeersID], _ transport: [String]?) -> Host {
    let draft = loader.draft.hosts[hosts[index]]
    let body = draft.body
    var mode = body.mode.or(loader.draft.mode)
    let forwarding: Forwarding =
      switch body.forwarding {
      case .leave: .leave
      case .deny: .deny
      case .gateway: .gateway((routes ?? []).map { Route(order[$0.one.index], order[$0.other.index]) })
      case .containers(let containers): .containers(containers.settled(loader.draft.containers))
      }
    // What is published is judged as what asks for the host.
    if case .containers = body.forwarding { mode.forward = mode.ingress }
    return Host(
      name: hostNames[index], addresses: addresses.addresses(of: HostID(index)),
      zone: body.zone.map { loader.symbols.name($0.name) },
      groups: body.groups.map { loader.draft.groupLists[$0].map(loader.symbols.name).sorted() } ?? [],
      modes: Modes(
        ingress: mode.ingress ?? .enforce, egress: mode.egress ?? .enforce, forward: mode.forward ?? .enforce),
      deny: body.deny ?? loader.draft.deny ?? .drop, forwarding: forwarding, dhcp: body.dhcp,
      crown: body.crown,
      ssh: draft.ssh, transport: transport, location: loader.tree.location(draft.key))
  }

  // MARK: Services

  private mutating func readServices() {
    let named = loader.draft.services.map { (loader.symbols.name($0.name), $0) }.sorted { $0.0 < $1.0 }
    for (index, (name, draft)) in named.enumerated() {
      serviceIDs[draft.name] = ServiceID(index)
      services.append(
        Service(
          name: name, terms: draft.terms, multicast: draft.multicast, replies: draft.replies,
          location: loader.tree.location(draft.key)))
    }
  }

  // MARK: Suggestions

  /// Whether one more may be looked for.
  mutating func maySuggest() -> Bool {
    suggestionBudget -= 1
    return suggestionBudget >= 0
  }

  mutating func nearest(_ name: String, in candidates: (Self) -> [String]) -> String? {
    guard maySuggest() else { return nil }
    return Suggestion.nearest(to: name, among: candidates(self)).map { "did you mean `\($0)`?" }
  }

  var namespaceNames: [String] { loader.namespace.names.map(loader.symbols.name) }

  var zoneNames: [String] { loader.draft.zones.map { loader.symbols.name($0.name) } }

  var networkNames: [String] { loader.draft.networks.map { loader.symbols.name($0.name) } }
}
