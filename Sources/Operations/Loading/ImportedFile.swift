internal import Diagnostics
internal import Inventory
package import InventoryText
internal import Machine
internal import SystemPackage

/// A part of an inventory that was made of something else, as a file of its own; the loader has read it back.
package struct ImportedFile {
  package let text: String
  /// Where it is to stand, beside the others; `nil`: nowhere.
  package let path: String?
  private let place: (directory: String, name: String)?

  /// - Parameters:
  ///   - part: a flow of it may lack its `why`, which a person writes later.
  ///   - name: of the file, without its ending; one that is taken gets a number.
  ///   - directory: of the inventory that it is for; `nil`: it is one alone.
  /// - Throws: ``InventoryMistakes`` where it would not load, or a failure of the machine.
  package init(_ part: InventoryPart, _ name: String, into directory: String?) throws {
    text = part.text
    var explained = part
    explained.flows = part.flows.map { flow in
      InventoryPart.Flow(
        name: flow.name, from: flow.from, to: flow.to, services: flow.services,
        why: flow.why.isEmpty ? "It is written later" : flow.why)
    }
    let bytes = Array(explained.text.utf8)
    guard let directory else {
      (path, place) = (nil, nil)
      _ = try LoadedPolicy(alone: SourceFile(path: "\(name).yaml", bytes: bytes))
      return
    }
    let present = try Directory(opening: directory).entries()
    var free = "\(name).yaml"
    var number = 2
    while present[free] != nil {
      free = "\(name)-\(number).yaml"
      number += 1
    }
    place = (directory, free)
    path = directory.hasSuffix("/") ? directory + free : "\(directory)/\(free)"
    _ = try LoadedPolicy(directory, adding: SourceFile(path: free, bytes: bytes))
  }

  /// The file as a change to a directory where it is not yet, in the format of patch(1).
  package var patch: String {
    let lines = text.split(separator: "\n")
    return "--- /dev/null\n+++ \(path ?? "")\n@@ -0,0 +1,\(lines.count) @@\n"
      + lines.map { "+\($0)\n" }.joined()
  }

  /// Writes it where it is to stand. Who has made a file there meanwhile keeps it.
  ///
  /// - Throws: ``SystemFailure``.
  package func write() throws {
    guard let place else { return }
    try Directory(opening: place.directory).create(place.name, Array(text.utf8))
  }
}
