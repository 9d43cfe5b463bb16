import Addressing
import ConnectionDiff
import ConnectionSpace
import EchoKernel
import Netlink
import Nftables
import NftablesNetlink
import Policy
import RulesetDiff
import RulesetShape
import RulesetSpace

enum RulesetTarget {
  static func run(_ bytes: [UInt8], _ promises: inout Promises) {
    if bytes.first == UInt8(ascii: "{") {
      if let listed = try? Table.tables(listed: bytes, clock: LocalClock(ahead: 7200) { $0 - 7200 }) {
        for table in listed.tables { use(table, isFromJSON: false, &promises) }
        // What is understood whole is understood alike.
        if listed.misunderstood.isEmpty {
          promises.hold(
            (try? Table.tables(fromJSON: bytes).map(\.name)) == listed.tables.map(\.name),
            "a listing that is understood and no ruleset")
        }
      }
      guard let tables = try? Table.tables(fromJSON: bytes) else { return }
      for table in tables {
        use(table, isFromJSON: true, &promises)
        load(table, &promises)
      }
    } else {
      readMessages(bytes, &promises)
    }
  }

  private static func readMessages(_ bytes: [UInt8], _ promises: inout Promises) {
    var cursor = MessageCursor(0..<bytes.count)
    var messages: [[UInt8]] = []
    while let message = cursor.next(in: bytes.span) {
      let start = message.payload.lowerBound - Message.headerLength
      messages.append(Array(bytes[start..<message.payload.upperBound]))
    }
    _ = try? SetCatalog(decoding: messages)
    let sets = messages.filter { [9, 12].contains($0[4]) }
    let catalog = (try? SetCatalog(decoding: sets)) ?? SetCatalog()
    for message in messages {
      _ = try? ChainMessage(decoding: message)
      _ = try? SetMessage(decoding: message)
      if let told = try? RuleMessage(decoding: message, sets: catalog) {
        use(told.rule, told.family, &promises)
      }
    }
    let table = messages.lazy.compactMap { try? TableMessage(decoding: $0) }.first
    _ = try? NftablesConnection(over: EchoKernel(listing: bytes)).tables()
    _ = try? NftablesConnection(over: EchoKernel(listing: bytes)).baseChains()
    let connection = NftablesConnection(over: EchoKernel(listing: bytes, patience: 1))
    guard let installed = try? connection.table(table?.family ?? .inet, table?.name ?? "t") else { return }
    use(installed.table, isFromJSON: false, &promises)
    let change = TableDiff.change(from: installed, to: installed.table)
    let isWhole = installed.table.others.isEmpty
    promises.hold(change.isEmpty || !isWhole, "a table differs from itself")
    _ = ChangeDescription(change, from: installed, to: installed.table)
  }

  /// What is written of a table that was read reads back as that table. A kernel's table may hold steps
  /// that JSON has other words for than nft's, or none.
  private static func use(_ table: Table, isFromJSON: Bool, _ promises: inout Promises) {
    _ = try? table.listing()
    _ = try? table.fileText()
    if let json = try? table.fileJSON() {
      do {
        let read = try Table.tables(fromJSON: json).first
        promises.hold(
          read == table || !isFromJSON,
          "a table that is written is read with \(TableDifference(read, from: table))")
      } catch {
        promises.hold(!isFromJSON, "a table that is written: \(error)")
      }
    }
    for chain in table.chains {
      for rule in chain.rules { use(rule, table.family, &promises) }
    }
    travel(table, &promises)
    judge(table, &promises)
  }

  /// A dump of a table is always read, and has as many chains with as many rules, or says what it lacks.
  private static func travel(_ table: Table, _ promises: inout Promises) {
    // Only families that nft has are dumped.
    guard [.inet, .ipv4, .ipv6, .arp, .bridge, .netdev].contains(table.family) else { return }
    do {
      let tables = try Table.tables(
        fromJSON: Array("{\"nftables\":".utf8) + Table.dump([table]) + Array("}".utf8))
      promises.hold(tables.count == 1 && tables[0].name == table.name, "a dump of another table")
      guard let read = tables.first else { return }
      let lacking = read.others.count { $0.kind == "opaque chain" }
      promises.hold(read.chains.count + lacking >= table.chains.count, "a dump without a chain")
      for chain in read.chains {
        promises.hold(
          chain.rules.count == table.chain(chain.name)?.rules.count, "a dump with other rules of a chain")
      }
    } catch {
      promises.hold(false, "a dump: \(error)")
    }
  }

  /// What a table lets pass can be asked of any table, within a budget.
  private static func judge(_ table: Table, _ promises: inout Promises) {
    let budget = Budget(intervals: 200_000, steps: 1_000_000)
    for passage in [Passage.ingress, .egress, .forward] {
      let universe = Universe(budget: budget)
      guard let space = try? RulesetSpace([table, table.enforcing], passage, in: universe) else { continue }
      promises.hold(
        (try? space.lower.isSubset(of: space.upper)) ?? true, "what surely passes does not pass perhaps")
    }
    _ = try? AllowedConnections(
      [table], .ingress, own: nil, names: nil, at: Timestamp(seconds: 0), budget: budget)
    let host = HostRulesets(
      name: "h", addresses: [Address(.ipv4, 0x0a00_0001)], old: [table], new: [table.enforcing],
      flows: Set(
        table.chains.map { FlowRules(flow: $0.rules.first?.acceptedFlow ?? "x", chain: $0.name.text) }))
    _ = try? ConnectionDiff(of: [host], compiledFrom: nil, at: Timestamp(seconds: 0), budget: budget)
  }

  private static func use(_ rule: Rule, _ family: Family, _ promises: inout Promises) {
    _ = try? rule.text(in: family)
    let statements = rule.statements(in: family)
    do {
      promises.hold(
        try Rule(statements, in: family).expressions == rule.expressions, "statements of other steps")
    } catch {
      promises.hold(false, "statements without steps: \(error)")
    }
  }

  /// What is sent of a table is listed as that table, when it is one of those that are sent.
  private static func load(_ table: Table, _ promises: inout Promises) {
    let change = TableDiff.change(from: nil, to: table)
    _ = ChangeDescription(change, from: nil, to: table)
    // Of a set or chain whose name is not ASCII a listing keeps no more than that it is there.
    let names = table.sets.map(\.name.text) + table.chains.map(\.name.text)
    guard table.others.isEmpty, table.flags.isEmpty, names.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } })
    else {
      return
    }
    let connection = NftablesConnection(over: EchoKernel())
    do throws(CommitError) {
      for step in change.steps { try connection.commit(step, expecting: nil) }
    } catch {
      if case .unencodable = error { return }
      promises.hold(false, "a batch: \(error)")
      return
    }
    do throws(ReadError) {
      let listed = try connection.table(table.family, table.name)?.table
      promises.hold(
        listed == table, "a table that is sent is listed with \(TableDifference(listed, from: table))")
    } catch {
      promises.hold(false, "a table that is sent: \(error)")
    }
  }
}
