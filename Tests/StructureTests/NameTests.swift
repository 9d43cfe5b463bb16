import Foundation
import Testing

/// A name means one thing wherever it is read, so that no import line decides which type a reader has before him.
@Suite struct NameTests {
  private static let sources = URL(filePath: #filePath).appending(path: "../../../Sources")
    .standardizedFileURL

  /// The targets that declare a type by each name. Nested types have their owner's name in front, and private
  /// ones are read in their own file alone.
  private static func owners() throws -> [String: Set<String>] {
    let declaration =
      #/^(?:@\S+ )*(?:(?:public|package|final|indirect) )*(?:struct|enum|class|actor|protocol|typealias) (\w+)/#
    var owners: [String: Set<String>] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: sources.path)
    where path.hasSuffix(".swift") {
      let target = String(path.prefix { $0 != "/" })
      let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
      for line in text.split(separator: "\n") {
        guard let found = line.prefixMatch(of: declaration) else { continue }
        owners[String(found.1), default: []].insert(target)
      }
    }
    return owners
  }

  @Test func `no two targets have a type of the same name`() throws {
    let owners = try Self.owners()
    #expect(owners.count > 300, "these are not the types that the sources declare")
    for (name, targets) in owners.sorted(by: { $0.key < $1.key }) {
      #expect(targets.count == 1, "\(name) is a type of \(targets.sorted().joined(separator: ", "))")
    }
  }
}
