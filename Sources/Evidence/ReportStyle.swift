/// How a report looks: light and dark, on a telephone and on paper.
enum ReportStyle {
  static let css = """
    :root{--page:#fff;--text:#1b1f24;--faint:#57606a;--line:#d0d7de;--soft:#f3f5f7;--link:#0b57d0;--good:#116329;--bad:#b3261e;\
    --notice:#7a4d00;--box:#fff;--edge:#57606a;--crown:#ffe3a3;--crown-edge:#8a5a00;--net:#dbe9f6;--hit:#b3261e;--near:#ffd9d4}
    @media(prefers-color-scheme:dark){:root{--page:#14171a;--text:#e6e9ec;--faint:#a5adb5;--line:#3a424a;--soft:#1d2226;--link:#8ab4f8;\
    --good:#7ee2a0;--bad:#ff9d94;--notice:#f2c265;--box:#20262b;--edge:#a5adb5;--crown:#5a4310;--crown-edge:#f2c265;--net:#1d3346;\
    --hit:#ff9d94;--near:#5c2a26}}
    *{box-sizing:border-box}
    html{scroll-behavior:smooth}
    @media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
    body{margin:0 auto;max-width:84rem;padding:1rem 1.25rem 3rem;background:var(--page);color:var(--text);\
    font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK JP",sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.7rem;line-height:1.2;margin:.5rem 0 1rem}
    h2{font-size:1.3rem;line-height:1.25;margin:2.6rem 0 .6rem;padding-top:.4rem;border-top:1px solid var(--line)}
    a{color:var(--link)}
    p{max-width:50rem;margin:.5rem 0}
    dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.4rem 1.5rem;margin:0}
    dt{font-size:.8rem;color:var(--faint)}
    dd{margin:0;font-variant-numeric:tabular-nums}
    .digest{font:.82rem/1.6 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
    nav ol{columns:15rem;column-gap:2.6rem;margin:1.5rem 0 0;padding-left:1.4rem}
    nav li{break-inside:avoid;padding:.15rem 0}
    .skip{position:absolute;left:-100rem}
    .skip:focus{left:1rem;top:.5rem;background:var(--page);padding:.4rem .8rem;z-index:1}
    :focus-visible{outline:3px solid var(--link);outline-offset:2px}
    main:focus{outline:none}
    .wide{overflow-x:auto;margin:.8rem 0;border:1px solid var(--line);border-radius:8px;width:fit-content;max-width:100%}
    .many{width:auto;--wide:max(100%,calc(var(--letters)*.47rem))}
    .piece{content-visibility:auto;width:var(--wide);contain-intrinsic-size:auto var(--wide) auto calc(var(--rows)*2.9rem)}
    .searched .piece{content-visibility:visible}
    table{border-collapse:separate;border-spacing:0;width:100%;min-width:calc(var(--columns)*7rem);font-size:.875rem;line-height:1.4}
    .many table{table-layout:fixed;min-width:0}
    caption{text-align:left;font-weight:600;padding:.55rem .7rem;background:var(--soft)}
    th,td{padding:.4rem .7rem;text-align:left;vertical-align:top;border-top:1px solid var(--line);min-width:4.5rem;max-width:26rem;overflow-wrap:break-word}
    thead th{font-size:.8rem;color:var(--faint);white-space:nowrap}
    thead .w{white-space:normal;min-width:9rem}
    caption.more,.more th{font-size:0;line-height:0;padding:0;border:0}
    tbody th{font-weight:600}
    tr>th:first-child{position:sticky;left:0;background:var(--page)}
    td.l{min-width:12.5rem}
    th.good::before{content:"\\2713\\00a0";color:var(--good)}
    th.bad::before{content:"\\2717\\00a0";color:var(--bad)}
    th.notice::before{content:"\\25b2\\00a0";color:var(--notice)}
    th.bad{color:var(--bad)}
    td.k,th.k,.t{white-space:nowrap}.many td,.many th{white-space:normal;min-width:0;overflow-wrap:anywhere}
    .none{color:var(--faint)}
    .search{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;margin:.8rem 0 .2rem;font-size:.9rem}
    .search[hidden]{display:none}
    input,button{font:inherit;color:inherit;background:var(--box);border:1px solid var(--edge);border-radius:6px;padding:.4rem .6rem;min-height:2.6rem}
    input{flex:1 1 14rem;max-width:26rem}
    button{cursor:pointer}
    output{color:var(--faint)}
    .drawing{padding:.3rem;max-height:44rem;overflow:auto;width:auto;max-width:none}
    #picture-drawing{display:block;margin:auto;max-width:100%;height:auto;min-width:calc(var(--width)*.8px)}
    @media(min-width:86rem){.drawing{width:min(calc(100vw - 3rem),calc(var(--width)*1px + 1rem));min-width:100%;position:relative;left:50%;transform:translateX(-50%)}}
    svg text{font:600 13px system-ui,"Noto Sans","Noto Sans CJK JP",sans-serif;fill:var(--text);text-anchor:middle}
    svg text.about{font-weight:400;font-size:11.5px;fill:var(--faint)}
    .box rect{fill:var(--box);stroke:var(--edge);stroke-width:1.3}
    .box.crown rect{fill:var(--crown);stroke:var(--crown-edge);stroke-width:2.2}
    .box.crown text.about{fill:var(--text)}
    .box.network rect{fill:var(--net)}
    .box.network text.about{fill:var(--text)}
    .box.selection rect{stroke-dasharray:5 4}
    .arrow{fill:none;stroke:var(--edge);stroke-width:1.2;opacity:.6}
    .tip{fill:var(--edge);fill:context-stroke}
    svg.active .box{cursor:pointer}
    svg.active .box:focus{outline:none}
    svg.active .box:focus-visible rect{stroke:var(--link);stroke-width:4}
    .box.off,.arrow.off{opacity:.2}
    .box.chosen rect{stroke:var(--hit);stroke-width:4}
    .box.reached rect{fill:var(--near);stroke:var(--hit)}
    .box.reached text.about{fill:var(--text)}
    .arrow.taken{stroke:var(--hit);stroke-width:2.2;opacity:1}
    #picture-told{border-left:4px solid var(--hit);padding:.3rem .8rem;background:var(--soft);max-width:none}
    .legend{font-size:.85rem;color:var(--faint)}
    .key{display:inline-block;width:1.5em;height:.95em;border:1.3px solid var(--edge);border-radius:3px;vertical-align:-.1em;margin-left:.7em;background:var(--box)}
    .key.crown{background:var(--crown);border-color:var(--crown-edge)}
    .key.selection{border-style:dashed}
    .key.network{background:var(--net);border-radius:1em}
    footer{margin-top:3rem;color:var(--faint);font-size:.85rem}
    tr[hidden]{display:none}
    @media(min-width:40rem){div:has(>.digest){grid-column:span 2}}
    @media(max-width:40rem){body{padding:.6rem .8rem 2rem}h1{font-size:1.35rem}th,td{padding:.35rem .5rem}tbody th.k,tbody th{max-width:9.5rem;white-space:normal}.many tr>th:first-child{position:static}\
    nav ol{columns:1}nav a{display:inline-block;padding:.25rem 0}}
    @page{size:A4;margin:14mm 12mm}
    @page wide{size:A4 landscape}
    @media print{:root{--page:#fff;--text:#000;--faint:#333;--line:#999;--soft:#eee;--link:#000;--good:#116329;--bad:#b3261e;\
    --notice:#7a4d00;--box:#fff;--edge:#444;--crown:#ffe3a3;--crown-edge:#8a5a00;--net:#dbe9f6}
    body{max-width:none;padding:0;font-size:9.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
    .search,.skip,nav,#picture-told,footer{display:none!important}
    .wide{overflow:visible;border:0;max-height:none;width:auto;min-width:0;position:static;transform:none;}.piece{content-visibility:visible;width:auto}.more th{font-size:8pt;line-height:1.4;padding:2pt 4pt}tr>th:first-child{position:static}td.l{min-width:0}main p{break-after:avoid;break-inside:avoid}.legend{break-before:avoid}\
    table,.many table{font-size:8pt;min-width:0;border:1px solid #999}th,td{padding:2pt 4pt;min-width:0}
    thead{display:table-header-group;break-inside:avoid;break-after:avoid}caption{break-after:avoid}tr{break-inside:avoid}h2{break-after:avoid;margin-top:14pt}thead th,td.k,th.k{white-space:normal}
    #picture{page:wide;break-before:page;break-after:page}svg,#picture-drawing{width:100%;min-width:0;height:auto;max-height:118mm}.off{opacity:1!important}tr[hidden]{display:table-row}a{text-decoration:none}}
    """
}
