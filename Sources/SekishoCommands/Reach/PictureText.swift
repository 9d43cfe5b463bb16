internal import Policy
internal import Reachability

/// A picture as DOT (the language of Graphviz) and as Mermaid.
struct PictureText {
  let picture: Picture
  let policy: Policy
  /// What the picture is of.
  let title: String
  let hasLegend: Bool
  let isByZone: Bool

  static func services(_ arrow: Picture.Arrow, _ policy: Policy) -> [String] {
    Set(arrow.flows.flatMap { policy[$0].services }).sorted().map { policy[$0].name }
  }

  var dot: String {
    var out = """
      digraph sekisho {
        label=\(Self.quoted(title)); labelloc=t; fontsize=18;
        rankdir=LR; newrank=true; fontname="sans-serif"; compound=true;
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
        edge [fontname="sans-serif", fontsize=10, color="#555555"];

      """
    for (number, zone) in zones.enumerated() {
      out += "  subgraph cluster_\(number) {\n"
      out += "    label=\(Self.quoted(zone.name)); style=\"rounded,filled\"; color=\"#bbbbbb\"; "
      out += "fillcolor=\"\(zone.isCrown ? "#fff3d6" : "#f5f5f5")\";\n"
      for index in zone.boxes { out += "    \(node(index))\n" }
      out += "  }\n"
    }
    for index in picture.boxes.indices where picture.boxes[index].zone == nil { out += "  \(node(index))\n" }
    for arrow in picture.arrows {
      out += "  n\(arrow.from) -> n\(arrow.to) [label=\(Self.quoted(label(arrow))), "
      out += "tooltip=\(Self.quoted(arrow.flows.map { policy[$0].name }.joined(separator: ", ")))];\n"
    }
    if hasLegend { out += legend }
    return out + "}\n"
  }

  /// What boxes and arrows mean, of what is in the picture.
  private var legend: String {
    var out = "  subgraph cluster_legend {\n"
    out += "    label=\"an arrow: may ask, by these services\"; fontsize=10; color=\"#bbbbbb\";\n"
    for (number, one) in meanings.enumerated() {
      let attributes = Self.attributes(one.kind, one.isCrown).map { ", \($0)" } ?? ""
      out += "    l\(number) [label=\(Self.quoted(one.words)), fontsize=10\(attributes)];\n"
    }
    return out + "  }\n"
  }

  /// A kind of box that is in the picture, in words.
  private struct Meaning {
    let words: String
    let kind: Picture.Kind
    var isCrown = false
  }

  private var meanings: [Meaning] {
    let kinds = Set(picture.boxes.map(\.kind))
    var meanings: [Meaning] = []
    if kinds.contains(.hosts) {
      meanings.append(Meaning(words: isByZone ? "hosts of a zone" : "hosts with the same role", kind: .hosts))
    }
    if picture.boxes.contains(where: \.isCrown) {
      meanings.append(Meaning(words: "a crown jewel", kind: .hosts, isCrown: true))
    }
    if kinds.contains(.selection) {
      meanings.append(Meaning(words: "several of them, and who", kind: .selection))
    }
    if kinds.contains(.network) { meanings.append(Meaning(words: "outside the inventory", kind: .network)) }
    return meanings
  }

  private static func attributes(_ kind: Picture.Kind, _ isCrown: Bool) -> String? {
    switch kind {
    case .hosts: isCrown ? "fillcolor=\"#ffd98a\", penwidth=2" : nil
    case .selection: "style=\"rounded,dashed\""
    case .network: network
    }
  }

  static let network = "shape=ellipse, style=filled, fillcolor=\"#dbe9f6\""
  static let mermaidNetwork = "fill:#dbe9f6,stroke:#57606a,color:#1b1f24"
  private static let mermaidCrown = "fill:#ffd98a,stroke:#b8860b,color:#1b1f24"

  var mermaid: String {
    var out = "---\ntitle: \(Self.quoted(title))\n---\nflowchart LR\n"
    for (number, zone) in zones.enumerated() {
      out += "  subgraph z\(number)[\"\(zone.name)\"]\n"
      for index in zone.boxes { out += "    \(shape(index))\n" }
      out += "  end\n"
    }
    for index in picture.boxes.indices where picture.boxes[index].zone == nil { out += "  \(shape(index))\n" }
    for arrow in picture.arrows { out += "  n\(arrow.from) -->|\"\(label(arrow))\"| n\(arrow.to)\n" }
    if hasLegend {
      out += "  subgraph legend[\"an arrow: may ask, by these services\"]\n"
      for (number, one) in meanings.enumerated() {
        out += "    \(Self.shape("l\(number)", one.words, one.kind))\n"
      }
      out += "  end\n"
    }
    func nodes(_ isMeant: (Picture.Kind, Bool) -> Bool) -> String {
      let drawn = picture.boxes.indices.filter { isMeant(picture.boxes[$0].kind, picture.boxes[$0].isCrown) }
      let told = hasLegend ? meanings.indices.filter { isMeant(meanings[$0].kind, meanings[$0].isCrown) } : []
      return (drawn.map { "n\($0)" } + told.map { "l\($0)" }).joined(separator: ",")
    }
    for (name, style, members) in [
      ("crown", Self.mermaidCrown, nodes { $1 }),
      ("outside", Self.mermaidNetwork, nodes { kind, _ in kind == .network }),
      ("several", "stroke-dasharray:5 4", nodes { kind, _ in kind == .selection }),
    ] where !members.isEmpty {
      out += "  classDef \(name) \(style)\n  class \(members) \(name)\n"
    }
    return out
  }

  /// Zones that hold boxes.
  private var zones: [(name: String, isCrown: Bool, boxes: [Int])] {
    policy.zones.compactMap { zone in
      let boxes = picture.boxes.indices.filter { picture.boxes[$0].zone == zone.name }
      return boxes.isEmpty ? nil : (zone.name, zone.crown, boxes)
    }
  }

  private func node(_ index: Int) -> String {
    let box = picture.boxes[index]
    var attributes = "label=\(Self.quoted(name(box, lineBreak: "\n")))"
    if let more = Self.attributes(box.kind, box.isCrown) { attributes += ", \(more)" }
    return "n\(index) [\(attributes)];"
  }

  private func shape(_ index: Int) -> String {
    let box = picture.boxes[index]
    return Self.shape("n\(index)", name(box, lineBreak: "<br>"), box.kind)
  }

  private static func shape(_ id: String, _ words: String, _ kind: Picture.Kind) -> String {
    switch kind {
    case .hosts: "\(id)[\"\(words)\"]"
    case .selection: "\(id)[[\"\(words)\"]]"
    case .network: "\(id)([\"\(words)\"])"
    }
  }

  private func name(_ box: Picture.Box, lineBreak: String) -> String {
    let name = box.count > 1 ? "\(box.name) (\(box.count))" : box.name
    if box.members.isEmpty { return name }
    let shown = box.members.prefix(Self.mostMembers).joined(separator: lineBreak)
    let rest = box.members.count - Self.mostMembers
    return "\(name)\(lineBreak)\(shown)" + (rest > 0 ? "\(lineBreak)and \(rest) more" : "")
  }

  private static let mostMembers = 8

  private func label(_ arrow: Picture.Arrow) -> String {
    let services = Self.services(arrow, policy)
    let rest = services.count > 4 ? ", …" : ""
    return services.prefix(4).joined(separator: ", ") + rest
  }

  /// Names of an inventory need no escapes; quotes are escaped all the same.
  static func quoted(_ text: String) -> String {
    "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
  }

  /// Text within quotes of Mermaid, which writes those as an entity.
  static func mermaid(_ text: String) -> String { text.replacing("\"", with: "#quot;") }
}
