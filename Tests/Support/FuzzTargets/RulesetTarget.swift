import EchoKernel
import Netlink
import Nftables
import NftablesNetlink
import RulesetDiff

enum RulesetTarget {
  static func run(_ bytes: [UInt8], _ promises: inout Promises) {
    if bytes.first == UInt8(ascii: "{") {
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
    guard table.others.isEmpty, table.flags == 0, names.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } })
    else {
      return
    }
    let connection = NftablesConnection(over: EchoKernel())
    do throws(CommitError) {
      try connection.commit(change, expecting: nil)
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
