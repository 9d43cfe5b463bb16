import EchoKernel
import Goldens
import Netlink
import Nftables
import NftablesNetlink
import Testing

/// The very bytes of changes, in `Tests/Golden/netlink/CASE.hex`.
@Suite struct BatchGoldenTests {
  @Test(arguments: BatchCase.all)
  func `a change is these bytes, and they are that change`(it: BatchCase) throws {
    let kernel = EchoKernel()
    let change = Change(family: .inet, table: "t", operations: it.operations)
    try NftablesConnection(over: kernel).commit(change, expecting: 1)
    let batch = try #require(kernel.batches.first)
    #expect(Golden.fault(BatchText.text(batch), "netlink/\(it.name).hex") == nil)
    let read = try BatchReader.operations(in: batch, sets: it.sets)
    #expect(read.count == it.operations.count)
    for (read, sent) in zip(read, it.operations) { #expect(read == sent) }
  }

  @Test(arguments: BatchCase.all)
  func `the text of a batch holds all of its bytes`(it: BatchCase) throws {
    let kernel = EchoKernel()
    try NftablesConnection(over: kernel).commit(
      Change(family: .inet, table: "t", operations: it.operations), expecting: 1)
    let batch = try #require(kernel.batches.first)
    let digits = BatchText.text(batch).split(separator: "\n")
      .map { $0.prefix { $0 != "#" }.filter { $0 != " " } }.joined()
    #expect(bytes(hex: digits) == batch)
  }

  @Test func `every golden has its case`() {
    #expect(Golden.names("netlink") == BatchCase.all.map { "\($0.name).hex" }.sorted())
  }
}
