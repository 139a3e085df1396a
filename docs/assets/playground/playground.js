function ce(t){let e=[`chat_template=${t.source===null?JSON.stringify(t.template):JSON.stringify(t.source)}`];t.max_length!==null&&(e.push(`max_length=${t.max_length}`),t.truncation!=="keep_start"&&e.push(`truncation=${JSON.stringify(t.truncation)}`));let l=["import sintonia",""],s=[["conversation",t.messages]];t.second&&s.push(["second",t.second]);for(let[d,h]of s){let f=h.map(({role:w,content:b})=>`    {"role": ${JSON.stringify(w)}, "content": ${JSON.stringify(b)}},`);l.push(`${d} = [`,...f,"]")}let i=s.map(([d])=>d).join(", ");return l.push("examples = sintonia.encode(",`    [${i}],`,...e.map(d=>`    ${d},`),")"),l.push("for example in examples:","    print(sintonia.show_mask(example))"),t.second&&t.max_length!==null&&l.push(`print(sintonia.pack(examples, ${t.max_length}))`),`${l.join(`
`)}
`}function ue(t){return[t.messages,t.second].filter(Boolean).map(n=>`${JSON.stringify({messages:n})}
`).join("")}var de=`{%- for message in messages %}
{%- if message['role'] == 'system' %}
    {{- message['content'] + '\\n\\n' }}
{%- elif message['role'] == 'user' %}
    {{- '### Instruction:\\n' + message['content'] + '\\n\\n' }}
{%- elif message['role'] == 'assistant' %}
    {{- '### Response:\\n' }}
    {%- generation %}{{ message['content'] + eos_token }}{% endgeneration %}
    {{- '\\n\\n' }}
{%- else %}
    {{- raise_exception("Alpaca has no place for the role '" + message['role'] + "'") }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '### Response:\\n' }}
{%- endif %}`;var pe=`{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['role'] == 'assistant' %}
    {%- generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}
{%- else %}
    {{- message['content'] + '<|im_end|>' }}
{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}`;var fe=`{#- Gemma 3, text only. The assistant's role is called model; a system message opens the first user turn;
    white space at the ends of what is said is trimmed; turns must alternate. -#}
{{- bos_token }}
{%- set first = 1 if messages[0]['role'] == 'system' else 0 %}
{%- for message in messages[first:] %}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}
    {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}
{%- endif %}
{%- if message['role'] == 'assistant' %}
    {{- '<start_of_turn>model\\n' }}
    {%- generation %}{{ message['content'] | trim + '<end_of_turn>' }}{% endgeneration %}
{%- else %}
    {{- '<start_of_turn>' + message['role'] + '\\n' }}
    {%- if first and loop.first %}
        {{- messages[0]['content'] + '\\n\\n' }}
    {%- endif %}
    {{- message['content'] | trim + '<end_of_turn>' }}
{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<start_of_turn>model\\n' }}
{%- endif %}`;var me=`{{- bos_token }}
{%- for message in messages %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}
{%- if message['role'] == 'assistant' %}
    {%- generation %}{{ message['content'] | trim + '<|eot_id|>' }}{% endgeneration %}
{%- else %}
    {{- message['content'] | trim + '<|eot_id|>' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}`;var he=`{#- Mistral Instruct, third version: [INST] question[/INST] answer</s>. The system message opens the first
    user turn (the official template moves it to the last one, which changes what stood before). -#}
{{- bos_token }}
{%- for message in messages %}
{%- if message['role'] == 'system' and loop.first %}
{%- elif message['role'] == 'user' %}
    {{- '[INST] ' }}
    {%- if loop.index0 == 1 and messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] + '\\n\\n' }}
    {%- endif %}
    {{- message['content'] + '[/INST]' }}
{%- elif message['role'] == 'assistant' %}
    {%- generation %}{{ ' ' + message['content'] | trim + eos_token }}{% endgeneration %}
{%- else %}
    {{- raise_exception("Mistral's turns are the user's and the assistant's, after one system message; found '" + message['role'] + "'") }}
{%- endif %}
{%- endfor %}`;var ge=`{#- Phi-3. Each turn ends with <|end|>; the end-of-sequence token stands once, after the last turn. -#}
{%- for message in messages %}
{%- if message['role'] == 'assistant' %}
    {{- '<|assistant|>\\n' }}
    {%- generation %}
        {{- message['content'] + '<|end|>' }}
        {%- if loop.last and not add_generation_prompt %}{{ '\\n' + eos_token }}{% endif %}
    {%- endgeneration %}
    {%- if not loop.last or add_generation_prompt %}{{ '\\n' }}{% endif %}
{%- elif message['role'] in ('system', 'user') %}
    {{- '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}
    {%- if loop.last and not add_generation_prompt %}{{ eos_token }}{% endif %}
{%- else %}
    {{- raise_exception("Phi-3 has no place for the role '" + message['role'] + "'") }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|assistant|>\\n' }}
{%- endif %}`;var _e=`{#- Qwen 3, text only: ChatML with tools and thinking. Thinking (reasoning_content, or <think> in the content)
    is kept after the last question and left out of earlier turns; the last turn has a block even if empty. -#}
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\n' }}
    {{- 'You are provided with function signatures within <tools></tools> XML tags:\\n<tools>' }}
    {%- for tool in tools %}
        {{- '\\n' + tool | tojson }}
    {%- endfor %}
    {{- '\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments ' }}
    {{- 'within <tool_call></tool_call> XML tags:\\n' }}
    {{- '<tool_call>\\n{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set last = namespace(question=messages | length - 1) %}
{%- for message in messages %}
    {%- set said = message.content or '' %}
    {%- if message.role == 'user' and not (said.startswith('<tool_response>') and said.endswith('</tool_response>')) %}
        {%- set last.question = loop.index0 %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
{%- set said = message.content or '' %}
{%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
    {{- '<|im_start|>' + message.role + '\\n' + said + '<|im_end|>\\n' }}
{%- elif message.role == 'assistant' %}
    {%- set thought = message.reasoning_content if message.reasoning_content is string else '' %}
    {%- if message.reasoning_content is not string and '</think>' in said %}
        {%- set thought = said.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
        {%- set said = said.split('</think>')[-1].lstrip('\\n') %}
    {%- endif %}
    {{- '<|im_start|>assistant\\n' }}
    {%- generation %}
        {%- if loop.index0 > last.question and (loop.last or thought) %}
            {{- '<think>\\n' + thought.strip('\\n') + '\\n</think>\\n\\n' + said.lstrip('\\n') }}
        {%- else %}
            {{- said }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- set call = call.function or call %}
            {{- '\\n' if said or not loop.first }}
            {{- '<tool_call>\\n{"name": "' + call.name + '", "arguments": ' }}
            {{- call.arguments if call.arguments is string else call.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>' }}
    {%- endgeneration %}
    {{- '\\n' }}
{%- elif message.role == 'tool' %}
    {{- '<|im_start|>user' if loop.first or messages[loop.index0 - 1].role != 'tool' }}
    {{- '\\n<tool_response>\\n' + said + '\\n</tool_response>' }}
    {{- '<|im_end|>\\n' if loop.last or messages[loop.index0 + 1].role != 'tool' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}`;var we=`{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}`;var be=`{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{ '<|im_start|>' + message['role'] + '
' }}{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '
' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}`;var ke={smollm2:be,"smollm2-original":we,chatml:pe,llama3:me,mistral:he,gemma:fe,phi3:ge,qwen:_e,alpaca:de};var ee="\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",bt=new RegExp(`^[${ee}]+`),kt=new RegExp(`[${ee}]+$`),xt=new RegExp(`[^${ee}]+`,"g");var xe=t=>/\p{Surrogate}/u.test(t);var T=class extends Error{constructor(n,e={}){super(`${n} ${JSON.stringify(e)}`),this.code=n,this.detail=e}};var q=["assistant-only","completion-only","everything"];var U=["keep_start","drop","keep_answer"],B=["right","left"];var G=["system","user","assistant","tool"],O={messages:200,characters:2e5,template:2e4,address:16e3,length:8192},Ye=/^[a-z0-9-]{1,40}$/,W={messages:[],template:"smollm2",source:null,prompt:!1,mode:"assistant-only",max_length:null,truncation:"keep_start",width:null,side:"right",second:null};function te(t){if(!Se(t))throw I("state","an object");let n=Object.keys(t).find(l=>!(l in W));if(n!==void 0)throw I(n.slice(0,40),"a name that the playground knows");let e={...W,...t};if(e.messages=Y(e.messages,"messages"),e.second!==null&&(e.second=Y(e.second,"second")),typeof e.template!="string"||!Ye.test(e.template))throw I("template","a name");if(e.source!==null){if(typeof e.source!="string")throw I("source","text");if(e.source.length>O.template)throw se("source",e.source.length,O.template)}for(let[l,s]of[["mode",q],["truncation",U],["side",B]])if(!s.includes(e[l]))throw I(l,s.join(", "));if(typeof e.prompt!="boolean")throw I("prompt","true, false");for(let l of["max_length","width"]){let s=e[l];if(s!==null&&!(Number.isInteger(s)&&s>=1&&s<=O.length))throw I(l,`1-${O.length}`)}return e}function Y(t,n){if(!Array.isArray(t))throw I(n,"a list");if(!t.length)throw I(n,"at least one message");if(t.length>O.messages)throw new T("too-many",{found:t.length,limit:O.messages});let e=0;return t.map((l,s)=>{let i=`${n}[${s}]`;if(!Se(l))throw I(i,"{role, content}");let{role:d,content:h,...f}=l,w=Object.keys(f)[0];if(w!==void 0)throw I(`${i}.${w.slice(0,40)}`,"role, content");if(!G.includes(d))throw I(`${i}.role`,G.join(", "));if(typeof h!="string")throw I(`${i}.content`,"text");if(e+=h.length,e>O.characters)throw se(n,e,O.characters);return{role:d,content:h}})}function ne(t){let n=Object.fromEntries(Object.entries(t).filter(([i,d])=>JSON.stringify(d)!==JSON.stringify(W[i]))),e=JSON.stringify(n);if(xe(e))throw new T("surrogate");let l="";for(let i of new TextEncoder().encode(e))l+=String.fromCharCode(i);let s=btoa(l).replaceAll("+","-").replaceAll("/","_").replaceAll("=","");if(s.length>O.address)throw new T("too-long",{found:s.length,limit:O.address});return`case=${s}`}function ye(t){let n=/^#?case=([\w-]*)$/.exec(t);if(!n){if(/^#?case=/.test(t))throw I("address","letters, digits, - and _");return null}if(n[1].length>O.address)throw se("address",n[1].length,O.address);let e;try{let l=atob(n[1].replaceAll("-","+").replaceAll("_","/")),s=Uint8Array.from(l,i=>i.charCodeAt(0));e=JSON.parse(new TextDecoder("utf-8",{fatal:!0}).decode(s))}catch{throw I("address","a case that this page has made")}return te(e)}var I=(t,n)=>new T("bad-state",{where:t,limit:n}),se=(t,n,e)=>new T("too-much-text",{where:t,found:n,limit:e}),Se=t=>typeof t=="object"&&t!==null&&!Array.isArray(t);var X=class{constructor(n,e,l){this.assets=n,this.file=this._fetch(l?.file,e),this.spare=this._spawn(l?.worker),this.number=0,this.waiting=null,this.next=null}ask(n,e){return new Promise((l,s)=>{this.next?.resolve(null),this.next={state:n,parallel:e,resolve:l,reject:s},this.waiting||this._start().catch(s)})}async _start(){let n=this.waiting=this.next;this.next=null;try{await this._ready(),this.number+=1;let{number:e}=this;this.worker.onmessage=({data:l})=>l.number===e&&this._finish(n,l),this.timer=setTimeout(()=>{this._end(),this._finish(n,{refusal:{code:"time",detail:{seconds:2e3/1e3}}})},2e3),this.worker.postMessage({number:e,state:n.state,parallel:n.parallel})}catch(e){this.waiting=null,n.reject(e)}}_finish(n,e){clearTimeout(this.timer),this.waiting=null,n.resolve(this.next?null:e),this.next&&this._start()}async _ready(){let n=await this.file;if(this.worker)return;let e=this.worker=this.spare??this._spawn();this.spare=null;let l=new Promise(s=>{e.onmessage=({data:i})=>i.ready&&s()});e.postMessage({file:n});try{await Promise.race([l,e.failed])}catch(s){throw this._end(),s}e.onerror=s=>{s.preventDefault();let i=this.waiting;this._end(),i&&this._finish(i,{refusal:{code:"template-fails",detail:{said:s.message}}})}}_spawn(n=new Worker(`${this.assets}/worker.js`,{type:"module"})){return n.failed=new Promise((e,l)=>{let s=i=>{i.preventDefault(),l(new Error(i.message||"worker.js"))};n.onerror=s,n.fault&&s(n.fault)}),n.failed.catch(()=>{}),n}_end(){this.worker?.terminate(),this.worker=null}async _fetch(n=fetch(`${this.assets}/tokenizer.json`),e){let l=await n;if(!l.ok)throw new Error(`tokenizer.json: ${l.status}`);let s=l.body.getReader(),i=[],d=0;for(;;){let{done:h,value:f}=await s.read();if(h)break;i.push(f),d+=f.length,e(Math.min(1,d/529137))}return new Uint8Array(await new Blob(i).arrayBuffer())}};function o(t,n={},...e){let l=document.createElement(t);for(let[s,i]of Object.entries(n))i==null||i===!1||(s.startsWith("on")?l.addEventListener(s.slice(2),i):["value","checked","disabled","hidden","selected","open"].includes(s)?l[s]=i:l.setAttribute(s,i===!0?"":i));return l.append(...e.filter(s=>s!=null)),l}function ve(t,n){let e=new Intl.NumberFormat(n==="zh"?"zh-Hans":n==="pt"?"pt-BR":n==="es"?"es-MX":n);return(l,s={})=>(t[l]??l).replace(/{(\w+)}/g,(i,d)=>{let h=s[d];return h===void 0?"":typeof h=="number"?e.format(h):String(h)})}var oe=1e4;function V(t){let n=o("textarea",t),e=n.getAttribute("wrap"),l=()=>{n.value.length>oe?n.setAttribute("wrap","off"):e===null&&n.removeAttribute("wrap")};return n.put=s=>{s.length>oe&&n.setAttribute("wrap","off"),n.value=s,l()},n.addEventListener("input",l),n.addEventListener("paste",s=>{let i=s.clipboardData?.getData("text/plain")??"";if(i.length<=oe/10)return;s.preventDefault();let{selectionStart:d,selectionEnd:h,value:f}=n;n.put(f.slice(0,d)+i+f.slice(h)),n.setSelectionRange(d+i.length,d+i.length),n.dispatchEvent(new Event("input"))}),n}var Xe=0;function C(t,n,e=""){return n.id||=`pg-${Xe+=1}`,o("div",{class:`pg-field ${e}`},o("label",{for:n.id},t),n)}function D(t,n,e){let l=o("select",{onchange:()=>e(l.value)});return l.append(...t.map(([s,i])=>o("option",{value:s,selected:s===n},i))),l}function $e(t,n){let e=0;return(...l)=>{clearTimeout(e),e=setTimeout(t,n,...l)}}var ie=40;function re({say:t,title:n,onchange:e,onrefusal:l}){let s=[],i=o("ol",{class:"pg-turns"}),d=o("input",{type:"checkbox",onchange:()=>a()}),h=o("p",{class:"pg-note"}),f=V({class:"pg-code",rows:6,spellcheck:"false","aria-label":t("json"),oninput:()=>m()}),w=o("fieldset",{class:"pg-conversation"},o("legend",{},n),o("label",{class:"pg-check"},d," ",t("system")),i,h,o("button",{type:"button",onclick:()=>$()},t("add")),o("details",{},o("summary",{},t("json")),f));function b(u,c=null){s=u,d.checked=s[0]?.role==="system",i.replaceChildren(...s.slice(0,ie).map(E)),h.textContent=s.length>ie?t("more-messages",{count:s.length-ie}):"",y(),c&&i.children[c[0]]?.querySelector(c[1])?.focus()}function y(){document.activeElement!==f&&f.put(JSON.stringify(s,null,2))}function E(u,c){let _=c+1,g=o("select",{"aria-label":t("role",{number:_}),onchange:()=>L(c,{role:g.value})});g.append(...G.map(N=>o("option",{value:N,selected:N===u.role},N)));let A=V({rows:1,"aria-label":t("content",{number:_}),oninput:()=>L(c,{content:A.value})});return A.put(u.content),o("li",{class:`pg-turn pg-${u.role}`},o("div",{class:"pg-turn-head"},g,v("↑",t("up",{number:_}),"pg-up",()=>r(c,-1),c===0),v("↓",t("down",{number:_}),"pg-down",()=>r(c,1),c===s.length-1),v("×",t("remove",{number:_}),"pg-remove",()=>j(c),s.length===1)),A)}function v(u,c,_,g,A){return o("button",{type:"button",class:`pg-icon ${_}`,"aria-label":c,title:c,onclick:g,disabled:A},u)}function S(u,c){b(u,c),e(s)}function L(u,c){s=s.map((_,g)=>g===u?{..._,...c}:_),c.role&&(i.children[u].className=`pg-turn pg-${c.role}`,d.checked=s[0].role==="system"),y(),e(s)}function $(){let u=s.at(-1)?.role==="user"?"assistant":"user";S([...s,{role:u,content:""}],[s.length,"textarea"])}function j(u){S(s.filter((c,_)=>_!==u),[Math.max(0,u-1),"textarea"])}function r(u,c){let _=[...s],[g]=_.splice(u,1);_.splice(u+c,0,g),S(_,[u+c,c<0?".pg-up:enabled, .pg-down":".pg-down:enabled, .pg-up"])}function a(){d.checked?S([{role:"system",content:""},...s],[0,"textarea"]):s.length>1?S(s.slice(1),null):d.checked=!0}function m(){let u;try{u=JSON.parse(f.value)}catch(c){l({code:"json",detail:{said:c.message}});return}try{b(Y(u?.messages??u,"messages")),e(s)}catch(c){l(c)}}return{element:w,show:b}}function Ee({say:t,titles:n,doctor:e}){let l=o("ul",{class:"pg-findings"}),s=o("section",{},o("h3",{class:"pg-h"},t("findings")),l);function i({findings:d}){let h=d.map(({code:f,example:w})=>{let{title:b,severity:y}=n[f];return o("li",{class:`pg-${y}`},o("a",{href:`${e}#${f.toLowerCase()}`},`${f} · ${b}`),` (${t(y)})`,...w?[" ",o("code",{},w.length>80?`${w.slice(0,80)}…`:w)]:[])});l.replaceChildren(...h.length?h:[o("li",{},t("no-findings"))])}return{element:s,show:i}}var K=600,Ke={"\n":"⏎","\r":"␍","	":"⇥"," ":"␣"},H=t=>t.replace(/^ /,"␣").replace(/[\n\r\t]/g,n=>Ke[n]).replace(/[\p{Cc}\p{Cf}\u2028\u2029\u00a0\u3000]/gu,Qe),Qe=t=>`‹${t.codePointAt(0).toString(16).toUpperCase().padStart(4,"0")}›`;function Ae({say:t,onchoose:n}){let e=o("div",{class:"pg-tokens",role:"listbox","aria-label":t("tokens"),tabindex:0,onkeydown:a=>j(a),onclick:a=>a.target!==e&&$([...e.children].indexOf(a.target.closest("[role=option]"))),onfocus:()=>f<0&&e.children.length&&$(0)}),l=o("button",{type:"button",hidden:!0,onclick:()=>r()}),s=o("section",{},o("h3",{class:"pg-h"},t("tokens")),o("p",{class:"pg-note"},t("tokens-legend")),e,l),i=null,d=[],h=K,f=-1,w=`pg-token-${Math.random().toString(36).slice(2,8)}`;function b(a,m){i=a,m&&(h=K),y()}function y(){let a=Math.min(i.ids.length,h),m=i.places===null?new Set:new Set(i.places),u=[];for(let k=0;k<a;k+=1){let N=m.has(k)?i.mask[k]?"+":"":"x";u.push(`${i.ids[k]}${v(k)}${N}`)}let c=0;for(;c<a&&c<d.length&&d[c]===u[c];)c+=1;let _=0;for(;_<a-c&&_<d.length-c&&d[d.length-1-_]===u[a-1-_];)_+=1;for(let k=d.length-_-1;k>=c;k-=1)e.children[k].remove();let g=document.createDocumentFragment();for(let k=c;k<a-_;k+=1)g.append(E(k,u[k]));e.insertBefore(g,e.children[c]??null),d=u;let A=i.ids.length-a;l.hidden=A<=0,l.textContent=t("more-tokens",{count:Math.min(A,K)}),f>=a?$(-1):L(f)}function E(a,m){let u=i.ids[a],c=i.tokens[u],_=m.endsWith("x"),g=m.endsWith("+"),A=S(a),k=t(_?"token-cut":g?"token-supervised":"token-plain",{token:A,id:String(u)});return o("span",{class:`pg-token ${_?"pg-cut":g?"pg-plus":"pg-dot"}${c.special?" pg-special":""}`,role:"option","aria-selected":"false","aria-label":k,title:k,"data-id":u},c.bytes?`${v(a)}⟨${c.bytes}⟩`:H(c.text))}function v(a){let m=i.tokens[i.ids[a]],[u,c]=i.offsets[a];return!m.bytes||i.offsets[a-1]?.[1]===c?"":H(i.text.slice(u,c))}function S(a){let m=i.tokens[i.ids[a]];if(!m.bytes)return H(m.text);let[u,c]=i.offsets[a];return`${v(a)}⟨${m.bytes}⟩ (${t("part",{character:i.text.slice(u,c)})})`}function L(a){let m=e.querySelector("[aria-selected=true]");m&&(m.setAttribute("aria-selected","false"),m.removeAttribute("id")),e.removeAttribute("aria-activedescendant");let u=a<0?null:e.children[a];u&&(u.setAttribute("aria-selected","true"),u.id=w,e.setAttribute("aria-activedescendant",w))}function $(a){f=a,L(a),a>=0&&n(a)}function j(a){let m=e.children.length-1,u={ArrowRight:f+1,ArrowDown:f+1,ArrowLeft:f-1,ArrowUp:f-1,Home:0,End:m,PageDown:f+20,PageUp:f-20}[a.key];u===void 0||a.ctrlKey||a.metaKey||a.altKey||(a.preventDefault(),$(Math.max(0,Math.min(m,u))),e.children[f].scrollIntoView({block:"nearest"}))}function r(){h+=K,y()}return{element:s,show:b,choose:$}}var P=12;function Me({say:t}){let n=o("table",{class:"pg-rows"}),e=o("div",{class:"pg-field"}),l=o("button",{type:"button",onclick:()=>v(-P)},`← ${t("earlier")}`),s=o("button",{type:"button",onclick:()=>v(P)},`${t("later")} →`),i=o("section",{},o("h3",{class:"pg-h"},t("rows")),o("p",{class:"pg-note"},t("shift-note")),e,o("div",{class:"pg-scroll",tabindex:0,role:"region","aria-label":t("rows")},n),o("div",{class:"pg-buttons"},l,s)),d=[],h=0,f=0,w={},b=[];function y(r){if(w=r.tokens,b=r.places??[],d=r.row?[["row-alone",r.row]]:[],r.padded&&d.push(["row-padded",r.padded]),(r.packs??[]).forEach((a,m)=>d.push(["row-pack",a,{number:m+1}])),d.length!==e.dataset.count*1&&(h=d.length>1?1:0,e.dataset.count=d.length),e.replaceChildren(),d.length>1){let a=d.map(([u,,c],_)=>[String(_),t(u,c)]),m=D(a,String(h),u=>{h=Number(u),f=0,S()});m.setAttribute("aria-label",t("row-shown")),e.append(m)}S()}function E(r){let a=b.indexOf(r);if(a<0)return;let m=d[h]?.[1],u=m?.attention_mask?Math.max(0,m.attention_mask.indexOf(1)):0,c=m?.members&&m.members[0]!==0&&m.members.includes(0)?m.seq_lengths[0]:0;f=a+u+c-Math.floor(P/3),S(a+u+c)}function v(r){f+=r,S()}function S(r=-1){let a=d[h]?.[1],m=a?.input_ids.length??0;f=Math.max(0,Math.min(f,m-P)),l.disabled=f===0,s.disabled=f+P>=m;let u=Array.from({length:Math.min(P,m-f)},(g,A)=>f+A),c=(g,A,k="td")=>o("tr",{},o("th",{scope:"row"},g),...u.map(N=>o(k,{class:L(a,N,r),...k==="th"?{scope:"col"}:{}},A(N)))),_=a?[c(t("position"),g=>String(g),"th"),c(t("token"),g=>$(a.input_ids[g])),c("input_ids",g=>String(a.input_ids[g])),...a.attention_mask?[c("attention_mask",g=>String(a.attention_mask[g]))]:[],...a.position_ids?[c("position_ids",g=>String(a.position_ids[g]))]:[],c("labels",g=>String(a.labels[g])),c(t("shift"),g=>g+1<m?j(a.labels[g+1]):"")]:[];n.replaceChildren(o("tbody",{},..._))}let L=(r,a,m)=>[a===m?"pg-marked":"",r.labels[a]>=0?"pg-plus":"",r.attention_mask?.[a]===0?"pg-pad":"",r.position_ids?.[a]===0?"pg-begins":""].join(" ").trim()||null,$=r=>w[r].bytes?`⟨${w[r].bytes}⟩`:H(w[r].text),j=r=>r<0?"–":$(r);return{element:i,show:y,choose:E}}function Ie({say:t,templates:n,onchange:e}){let l=Object.keys(n).map(r=>[r,r]),s=D([...l,["",t("template-own")]],"smollm2",r=>r&&e({template:r,source:null}));s.options[l.length].hidden=!0;let i=V({class:"pg-code",rows:10,spellcheck:"false","aria-label":t("source"),maxlength:O.template,oninput:()=>e({source:i.value})}),d=o("button",{type:"button",onclick:()=>e({source:null})},t("restore")),h=o("input",{type:"checkbox",onchange:()=>e({prompt:h.checked})}),f=D(q.map(r=>[r,t(`mode-${r}`)]),q[0],r=>e({mode:r})),w=S(r=>e({max_length:r})),b=D(U.map(r=>[r,r]),U[0],r=>e({truncation:r})),y=S(r=>e({width:r})),E=D(B.map(r=>[r,t(`side-${r}`)]),B[0],r=>e({side:r})),v=o("input",{type:"checkbox",onchange:()=>e({pack:v.checked})});function S(r){let a=o("input",{type:"number",min:1,max:O.length,placeholder:t("no-limit"),oninput:()=>{let m=a.valueAsNumber;Number.isNaN(m)?r(null):a.validity.valid&&Number.isInteger(m)&&r(m)}});return a}let L=o("fieldset",{class:"pg-switches"},o("legend",{},t("switches")),o("div",{class:"pg-grid"},C(t("template"),s),C(t("mode"),f),C(t("max-length"),w),C(t("truncation"),b),C(t("width"),y),C(t("side"),E)),o("label",{class:"pg-check"},h," ",t("prompt")),o("label",{class:"pg-check"},v," ",t("pack")),o("details",{},o("summary",{},t("source")),i,o("p",{class:"pg-note"},t("source-note")),d)),$=(r,a)=>{document.activeElement!==r&&(r.value=a??"")};function j(r){s.value=r.source===null?r.template:"",$(i,r.source??n[r.template]),d.disabled=r.source===null,h.checked=r.prompt,f.value=r.mode,$(w,r.max_length),b.value=r.truncation,b.disabled=r.max_length===null,$(y,r.width),y.disabled=E.disabled=r.second!==null,E.value=r.side,v.checked=r.second!==null}return{element:L,show:j}}var z=2e4;function Oe({say:t}){let n=o("pre",{class:"pg-text",tabindex:0,role:"region","aria-label":t("text")}),e=o("p",{class:"pg-note"}),l=o("section",{},o("h3",{class:"pg-h"},t("text")),o("p",{class:"pg-note"},t("text-legend")),n,e);function s({text:i,regions:d}){let h=[],f=0,w=b=>f<b&&h.push(i.slice(f,b));for(let[b,y,E]of d){if(b>=z)break;w(b),h.push(o("span",{class:`pg-said pg-${E}`,title:E},i.slice(b,Math.min(y,z)))),f=y}w(Math.min(i.length,z)),n.replaceChildren(...h),e.textContent=i.length>z?t("text-cut",{shown:z,count:i.length}):""}return{element:l,show:s}}function Ne(t,n){let e=ve(n.words,n.lang),l=t.ownerDocument.location.pathname===new URL(n.playground,document.baseURI).pathname,s,i=null,d=o("p",{class:"pg-wait"},e("fetching",{share:0})),h=new X(new URL(n.assets,document.baseURI).href,p=>{d.textContent=p<1?e("fetching",{share:Math.round(100*p)}):""},globalThis.playgroundAhead);globalThis.playgroundAhead=void 0;let f=re({say:e,title:e("conversation"),onchange:p=>Q({messages:p}),onrefusal:J}),w=re({say:e,title:e("second"),onchange:p=>Q({second:p}),onrefusal:J}),b=Ie({say:e,templates:ke,onchange:p=>Q(De(p))}),y=Oe({say:e}),E=Me({say:e}),v=Ae({say:e,onchoose:p=>E.choose(p)}),S=Ee({say:e,titles:n.findings,doctor:n.doctor}),L=o("p",{class:"pg-status",role:"status"}),$=o("p",{class:"pg-cost"}),j=o("div",{class:"pg-refusal",role:"alert",hidden:!0}),r=o("div",{class:"pg-results"},L,$,y.element,v.element,E.element,S.element),a=D([...Object.keys(n.cases).map(p=>[p,e(`case-${p}`)]),["",e("case-own")]],n.case,p=>p&&N(p));a.options[a.options.length-1].hidden=!0;let m=o("a",{class:"pg-open",href:n.playground},e("open")),u=o("span",{class:"pg-said-copied",role:"status"}),c=o("div",{class:"pg-buttons"},l?o("button",{type:"button",onclick:()=>Z(()=>new URL(`#${ne(s)}`,location.href).href)},e("share")):m,o("button",{type:"button",onclick:()=>Z(()=>ce(s))},e("copy-python")),o("button",{type:"button",onclick:()=>Z(()=>ue(s))},e("copy-jsonl")),u),_=o("div",{class:"pg-editors"},f.element,w.element),g=l?_:o("details",{class:"pg-fold"},o("summary",{},e("conversation")),_);t.replaceChildren(C(e("case"),a,"pg-case"),g,b.element,j,d,r,c),r.hidden=!0;let A=$e(()=>{let p;try{p=`#${ne({...W,...s})}`}catch{p=""}l?(i===null||location.hash.startsWith("#case="))&&history.replaceState(null,"",p||location.pathname):m.href=n.playground+p},300),k=null;try{k=l?ye(location.hash):null}catch(p){N(n.case,p);return}k?(a.value="",ae(k)):N(n.case);function N(p,x=null){a.value=p,i=n.cases[p].parallel,ae(te(n.cases[p].state),x)}function ae(p,x=null){s=p,f.show(s.messages),s.second&&w.show(s.second),le(!0,x)}function Q(p){"messages"in p&&(i=null,a.value="");let x=s;s={...s,...p},s.second&&!x.second&&w.show(s.second),le(!1)}function De({pack:p,...x}){return p===void 0?x:p?{...x,second:n.cases.packing.state.second,max_length:s.max_length??256}:{...x,second:null}}async function le(p,x=null){b.show(s),w.element.hidden=s.second===null,A();let M;try{M=await h.ask(s,i)}catch(R){d.textContent=e("failed",{said:R.message});return}M!==null&&(d.textContent="",M.refusal?J(M.refusal):(r.hidden=!1,Re(M.answer,p),x&&J(x)))}function Re(p,x){j.hidden=!0,r.classList.remove("pg-stale");let M=p.mask.reduce((F,Je)=>F+Je,0),R=Math.round(1e3*M/(p.mask.length||1))/10,Pe=p.places===null?e("dropped"):p.cut.tokens?e("after-cut",{tokens:p.places.length}):"";L.textContent=[e("status",{tokens:p.ids.length,supervised:M,share:R}),Pe].filter(Boolean).join(" · "),$.textContent=p.cost?e("cost",{list:["pt","es","zh","en"].map(F=>`${F} ${p.cost[F]}`).join(" · ")}):"",v.show(p,x),E.show(p),y.show(p),S.show(p),t.dataset.shown=String(Number(t.dataset.shown??0)+1)}function J({code:p,detail:x}){let M=x?.line?o("p",{},e("at-line",x)):x?.said&&!["json","too-long"].includes(p)?o("p",{},o("code",{},x.said)):null;j.replaceChildren(o("p",{},o("strong",{},`${e("refused")}: `),e(`refusal-${p}`,x)),...M?[M]:[]),j.hidden=!1,r.classList.add("pg-stale"),t.dataset.shown=String(Number(t.dataset.shown??0)+1)}function Z(p){let x;try{x=p()}catch(R){J(R);return}let M=R=>{u.textContent=e(R)};navigator.clipboard?.writeText(x).then(()=>M("copied"),()=>M("not-copied"))??M("not-copied")}}var Le=200,je=t=>{"begun"in t.dataset||(t.dataset.begun="",Ne(t,JSON.parse(t.querySelector("script[type='application/json']").textContent)))},Te=new IntersectionObserver(t=>{for(let{isIntersecting:n,target:e}of t)n&&(Te.unobserve(e),je(e))},{rootMargin:`${Le}px`}),Ce=()=>{for(let t of document.querySelectorAll("section.pg"))t.nextElementSibling&&(t.getBoundingClientRect().top<innerHeight+Le&&scrollY===0?je(t):Te.observe(t))};Ce();document.addEventListener("DOMContentLoaded",Ce,{once:!0});
