internal import CMnl
internal import CNftnl
package import Netlink
package import Nftables

/// One transaction of anybody, as the kernel tells it once it has been carried out (`NFT_MSG_NEWGEN`).
///
///     NFTA_GEN_ID          u32
///     NFTA_GEN_PROC_PID    u32: the thread, as the first process namespace counts
///     NFTA_GEN_PROC_NAME   string: what the thread calls itself, 15 bytes at most (`task_struct.comm`)
package struct TransactionNotice: Hashable, Sendable {
  /// A table in which something was made, changed or removed.
  package struct Touched: Hashable, Sendable {
    package let family: Family
    package let name: TableName

    package init(_ family: Family, _ name: TableName) {
      self.family = family
      self.name = name
    }
  }

  /// The one that it made.
  package let generation: UInt32
  package let touched: Set<Touched>
  /// Whether ``touched`` holds every table; of a transaction that touches a great many it does not.
  package let isWhole: Bool
  /// Who carried it out, as far as the kernel knows; it may have ended, and its name is what it calls itself.
  package let process: UInt32?
  /// Bytes that are not UTF-8 are repaired; nothing else of it is.
  package let program: String?

  package init(
    generation: UInt32, touched: Set<Touched>, isWhole: Bool = true, process: UInt32?, program: String?
  ) {
    self.generation = generation
    self.touched = touched
    self.isWhole = isWhole
    self.process = process
    self.program = program
  }
}

/// What the kernel says of transactions in the network namespace that this was made in (`NFNLGRP_NFTABLES`).
///
/// Elements whose time is over go without a word.
package final class NftablesNotices {
  /// Something that was told.
  package enum Notice: Hashable, Sendable {
    case transaction(TransactionNotice)
    /// What was told was not heard, or not understood: what the ruleset is has to be read.
    case lost
  }

  private static let mostTouched = 256

  private let transport: any Transport
  /// What is waited on; `nil` of a kernel that is played back.
  package let descriptor: Int32?
  /// The kernel gathers messages of one transaction up to `NLMSG_GOODSIZE` (8 KiB).
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  private var waiting: [Notice] = []
  private var touched: Set<TransactionNotice.Touched> = []
  private var isWhole = true
  private var last: UInt32?

  /// - Parameter receiveQueue: bytes that may wait; what is beyond is lost, and told as such.
  /// - Throws: ``Netlink/NetlinkError``.
  package init(receiveQueue: Int32 = 1 << 20) throws(NetlinkError) {
    let socket = try KernelSocket(receiveQueue: receiveQueue)
    try socket.join(NFNLGRP_NFTABLES.rawValue)
    transport = socket
    descriptor = socket.descriptor
  }

  /// Listens to another transport, such as a played back kernel.
  package init(over transport: any Transport) {
    self.transport = transport
    descriptor = nil
  }

  /// The next that was told; `nil`: nothing waits.
  ///
  /// - Throws: ``Netlink/NetlinkError`` when the socket cannot be read any more.
  package func next() throws(NetlinkError) -> Notice? {
    while waiting.isEmpty {
      let size: Int?
      do throws(NetlinkError) {
        size = try transport.receive(into: &buffer, patience: 0)
      } catch {
        switch error {
        case .overrun, .malformed:
          lose()
          continue
        default: throw error
        }
      }
      guard let size else { return nil }
      take(size)
    }
    return waiting.removeFirst()
  }

  private func take(_ size: Int) {
    var cursor = MessageCursor(0..<size)
    while let message = cursor.next(in: buffer.span) {
      guard let object = ObjectMessage(message, in: buffer) else { continue }
      guard var fields = Attributes(buffer, object.attributes) else {
        lose()
        continue
      }
      if object.kind == NFT_MSG_NEWGEN {
        end(&fields)
      } else if let payload = fields.take(NFTA_TABLE_NAME) {
        // Messages about what is in a table have its name under the same number, whatever they are about.
        let name = String(decoding: buffer[payload].prefix { $0 != 0 }, as: UTF8.self)
        note(TransactionNotice.Touched(object.family, TableName(checked: name)))
      }
    }
    if cursor.isMalformed { lose() }
  }

  private func note(_ table: TransactionNotice.Touched) {
    if touched.count < Self.mostTouched {
      touched.insert(table)
    } else if !touched.contains(table) {
      isWhole = false
    }
  }

  private func end(_ fields: inout Attributes) {
    guard let generation = fields.u32(NFTA_GEN_ID) else { return lose() }
    // The kernel leaves out 0.
    if let last, generation != (last == .max ? 1 : last + 1) { lose() }
    last = generation
    let name = fields.take(NFTA_GEN_PROC_NAME).map { buffer[$0].prefix { $0 != 0 } }
    waiting.append(
      .transaction(
        TransactionNotice(
          generation: generation, touched: touched, isWhole: isWhole,
          process: fields.u32(NFTA_GEN_PROC_PID), program: name.map { String(decoding: $0, as: UTF8.self) })))
    touched = []
    isWhole = true
  }

  private func lose() {
    // The end of a transaction whose beginning was lost may be still to come.
    isWhole = false
    if waiting.last != .lost { waiting.append(.lost) }
  }
}
