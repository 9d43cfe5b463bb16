import Addressing
import ConnectionSpace
import Nftables
import Policy
import PolicyFixtures
import PolicySpace

@testable import Rollout

/// At every instant, with hosts changed in any order within a step, all passes that both policies allow and nothing that
/// neither does: judged by the tables alone.
enum FleetInvariant {
  /// - Returns: what is otherwise; `nil`: no host can have a table in between, and it is said why.
  static func faults(_ old: Policy, _ new: Policy, at now: Timestamp, seed: UInt64) throws -> [String]? {
    let (before, after) = (CompiledFleet(compiling: old), CompiledFleet(compiling: new))
    guard let union = union(before, after, at: now) else { return nil }
    let ends = FleetEnds(old, new, before, after)
    let state = FleetState(at: now)
    var tables = ends.oldTables
    let (was, will) = (
      try state.whole(ends.members(ends.oldTables, .old)), try state.whole(ends.members(ends.newTables, .new))
    )
    // A host with an address that only one policy has as its own is that host by the other one, too.
    let known = [
      try state.whole(ends.members(ends.oldTables, .either)),
      try state.whole(ends.members(ends.newTables, .either)), was, will,
    ]
    let loopback = try state.universe.connections(within: Endpoints(old.hosts.map(\.addresses)))
      .union(state.universe.connections(within: Endpoints(new.hosts.map(\.addresses))))
    func beyond(_ tables: [String: Table], _ bound: Int) throws -> ConnectionSpace {
      try known.reduce(state.whole(ends.members(tables, .either))[bound]) { try $0.subtracting($1[bound]) }
        .subtracting(loopback)
    }
    let strays = try Strays.strays(before, after, union, at: now)
    if !strays.isEmpty {
      // What is refused would pass indeed, where every host has opened and none has closed.
      for change in union.steps.first(where: { $0.opens })?.changes ?? [] {
        tables[change.host] = change.wanted
      }
      let isRefused = (try? Rollout(from: before, to: after, at: now)) == nil
      return (isRefused ? [] : ["what would pass is not refused"])
        + (try beyond(tables, 1).isEmpty ? ["refused for nothing"] : [])
    }
    var faults: [String] = []
    let rollout = try Rollout(from: before, to: after, at: now)
    var random = SeededGenerator(seed: seed)
    for (number, step) in rollout.steps.enumerated() {
      for attempt in 0..<3 {
        var some = tables
        for change in step.changes where attempt == 2 || random.oneIn(2) { some[change.host] = change.wanted }
        let passing = try state.whole(ends.members(some, .either))
        for bound in 0...1 {
          let both = try was[bound].intersection(will[bound]).without(ends.moved)
          let whole = try (step.opens ? was : will)[bound].without(ends.moved.union(ends.onOneSide))
          let kept = try both.union(whole)
          let lost = try kept.subtracting(passing[bound]).subtracting(loopback)
          let cut = try lost.rectangles().prefix(2)
          if !cut.isEmpty { faults.append("step \(number): \(cut) is cut") }
          let gained = try beyond(some, bound).rectangles().prefix(2)
          if !gained.isEmpty { faults.append("step \(number): \(gained) passes") }
        }
        if attempt == 2 { tables = some }
      }
    }
    for (host, table) in ends.newTables where tables[host] != table { faults.append("\(host) is not there") }
    return faults
  }

  private static func union(
    _ before: CompiledFleet, _ after: CompiledFleet, at now: Timestamp
  ) -> FleetUnion? { try? FleetUnion(before, after, at: now) }
}

/// Both fleets by the names of their hosts.
private struct FleetEnds {
  enum Side { case old, new, either }

  let oldTables: [String: Table]
  let newTables: [String: Table]
  /// Addresses that are of a host by one policy alone, and the host is in both.
  let moved: AddressSet
  /// Addresses of hosts that only one policy has, which the other one says nothing of.
  let onOneSide: AddressSet
  private let old: Policy
  private let new: Policy

  init(_ old: Policy, _ new: Policy, _ before: CompiledFleet, _ after: CompiledFleet) {
    (self.old, self.new) = (old, new)
    func tables(_ fleet: CompiledFleet) -> [String: Table] {
      Dictionary(
        uniqueKeysWithValues: zip(fleet.policy.hosts, fleet.policies.assignment).map {
          ($0.name, fleet.tables[$1])
        })
    }
    (oldTables, newTables) = (tables(before), tables(after))
    let names = Set(old.hosts.map(\.name)).symmetricDifference(new.hosts.map(\.name))
    onOneSide = AddressSet(
      (old.hosts + new.hosts).filter { names.contains($0.name) }.flatMap(\.addresses))
    moved = AddressSet(
      old.hosts.flatMap { host -> Set<Address> in
        guard let other = new.host(named: host.name) else { return [] }
        return Set(host.addresses).symmetricDifference(new[other].addresses)
      })
  }

  func members(_ tables: [String: Table], _ side: Side) -> [FleetState.Member] {
    let carried = (old: old.carried, new: new.carried)
    return tables.sorted { $0.key < $1.key }.map { name, table in
      let ids = (old: old.host(named: name), new: new.host(named: name))
      var addresses: Set<Address> = []
      var virtual: Set<Address> = []
      if side != .new, let id = ids.old {
        addresses.formUnion(old[id].addresses)
        virtual.formUnion(carried.old[id.index])
      }
      if side != .old, let id = ids.new {
        addresses.formUnion(new[id].addresses)
        virtual.formUnion(carried.new[id.index])
      }
      let areas =
        (ids.old.flatMap { old.areas(of: old[$0]) } ?? [])
        + (ids.new.flatMap { new.areas(of: new[$0]) } ?? [])
      return FleetState.Member(
        addresses: addresses.sorted(), carried: virtual.sorted(), areas: areas.isEmpty ? nil : areas,
        table: table)
    }
  }
}

extension ConnectionSpace {
  fileprivate func without(_ addresses: AddressSet) throws -> ConnectionSpace {
    if addresses.isEmpty { return self }
    let rest = AddressSet.all.subtracting(addresses)
    return try restricted(from: rest, to: rest)
  }
}
