function ce(t){let e=[`chat_template=${t.source===null?JSON.stringify(t.template):JSON.stringify(t.source)}`];t.max_length!==null&&(e.push(`max_length=${t.max_length}`),t.truncation!=="keep_start"&&e.push(`truncation=${JSON.stringify(t.truncation)}`));let l=["import sintonia",""],s=[["conversation",t.messages]];t.second&&s.push(["second",t.second]);for(let[d,h]of s){let f=h.map(({role:w,content:b})=>`    {"role": ${JSON.stringify(w)}, "content": ${JSON.stringify(b)}},`);l.push(`${d} = [`,...f,"]")}let a=s.map(([d])=>d).join(", ");return l.push("examples = sintonia.encode(",`    [${a}],`,...e.map(d=>`    ${d},`),")"),l.push("for example in examples:","    print(sintonia.show_mask(example))"),t.second&&t.max_length!==null&&l.push(`print(sintonia.pack(examples, ${t.max_length}))`),`${l.join(`
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
' }}{% endif %}`;var ke={smollm2:be,"smollm2-original":we,chatml:pe,llama3:me,mistral:he,gemma:fe,phi3:ge,qwen:_e,alpaca:de};var ee="\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",gt=new RegExp(`^[${ee}]+`),_t=new RegExp(`[${ee}]+$`),wt=new RegExp(`[^${ee}]+`,"g");var xe=t=>/\p{Surrogate}/u.test(t);var T=class extends Error{constructor(n,e={}){super(`${n} ${JSON.stringify(e)}`),this.code=n,this.detail=e}};var q=["assistant-only","completion-only","everything"];var U=["keep_start","drop","keep_answer"],W=["right","left"];var G=["system","user","assistant","tool"],O={messages:200,characters:2e5,template:2e4,address:16e3,length:8192},Fe=/^[a-z0-9-]{1,40}$/,B={messages:[],template:"smollm2",source:null,prompt:!1,mode:"assistant-only",max_length:null,truncation:"keep_start",width:null,side:"right",second:null};function te(t){if(!Se(t))throw A("state","an object");let n=Object.keys(t).find(l=>!(l in B));if(n!==void 0)throw A(n.slice(0,40),"a name that the playground knows");let e={...B,...t};if(e.messages=X(e.messages,"messages"),e.second!==null&&(e.second=X(e.second,"second")),typeof e.template!="string"||!Fe.test(e.template))throw A("template","a name");if(e.source!==null){if(typeof e.source!="string")throw A("source","text");if(e.source.length>O.template)throw se("source",e.source.length,O.template)}for(let[l,s]of[["mode",q],["truncation",U],["side",W]])if(!s.includes(e[l]))throw A(l,s.join(", "));if(typeof e.prompt!="boolean")throw A("prompt","true, false");for(let l of["max_length","width"]){let s=e[l];if(s!==null&&!(Number.isInteger(s)&&s>=1&&s<=O.length))throw A(l,`1-${O.length}`)}return e}function X(t,n){if(!Array.isArray(t))throw A(n,"a list");if(!t.length)throw A(n,"at least one message");if(t.length>O.messages)throw new T("too-many",{found:t.length,limit:O.messages});let e=0;return t.map((l,s)=>{let a=`${n}[${s}]`;if(!Se(l))throw A(a,"{role, content}");let{role:d,content:h,...f}=l,w=Object.keys(f)[0];if(w!==void 0)throw A(`${a}.${w.slice(0,40)}`,"role, content");if(!G.includes(d))throw A(`${a}.role`,G.join(", "));if(typeof h!="string")throw A(`${a}.content`,"text");if(e+=h.length,e>O.characters)throw se(n,e,O.characters);return{role:d,content:h}})}function ne(t){let n=Object.fromEntries(Object.entries(t).filter(([a,d])=>JSON.stringify(d)!==JSON.stringify(B[a]))),e=JSON.stringify(n);if(xe(e))throw new T("surrogate");let l="";for(let a of new TextEncoder().encode(e))l+=String.fromCharCode(a);let s=btoa(l).replaceAll("+","-").replaceAll("/","_").replaceAll("=","");if(s.length>O.address)throw new T("too-long",{found:s.length,limit:O.address});return`case=${s}`}function ye(t){let n=/^#?case=([\w-]*)$/.exec(t);if(!n){if(/^#?case=/.test(t))throw A("address","letters, digits, - and _");return null}if(n[1].length>O.address)throw se("address",n[1].length,O.address);let e;try{let l=atob(n[1].replaceAll("-","+").replaceAll("_","/")),s=Uint8Array.from(l,a=>a.charCodeAt(0));e=JSON.parse(new TextDecoder("utf-8",{fatal:!0}).decode(s))}catch{throw A("address","a case that this page has made")}return te(e)}var A=(t,n)=>new T("bad-state",{where:t,limit:n}),se=(t,n,e)=>new T("too-much-text",{where:t,found:n,limit:e}),Se=t=>typeof t=="object"&&t!==null&&!Array.isArray(t);var Y=class{constructor(n,e){this.assets=n,this.file=this._fetch(e),this.spare=this._spawn(),this.number=0,this.waiting=null,this.next=null}ask(n,e){return new Promise((l,s)=>{this.next?.resolve(null),this.next={state:n,parallel:e,resolve:l,reject:s},this.waiting||this._start().catch(s)})}async _start(){let n=this.waiting=this.next;this.next=null;try{await this._ready(),this.number+=1;let{number:e}=this;this.worker.onmessage=({data:l})=>l.number===e&&this._finish(n,l),this.timer=setTimeout(()=>{this._end(),this._finish(n,{refusal:{code:"time",detail:{seconds:2e3/1e3}}})},2e3),this.worker.postMessage({number:e,state:n.state,parallel:n.parallel})}catch(e){this.waiting=null,n.reject(e)}}_finish(n,e){clearTimeout(this.timer),this.waiting=null,n.resolve(this.next?null:e),this.next&&this._start()}async _ready(){let n=await this.file;if(this.worker)return;let e=this.worker=this.spare??this._spawn();this.spare=null;let l=new Promise(s=>{e.onmessage=({data:a})=>a.ready&&s()});e.postMessage({file:n});try{await Promise.race([l,e.failed])}catch(s){throw this._end(),s}e.onerror=s=>{s.preventDefault();let a=this.waiting;this._end(),a&&this._finish(a,{refusal:{code:"template-fails",detail:{said:s.message}}})}}_spawn(){let n=new Worker(`${this.assets}/worker.js`,{type:"module"});return n.failed=new Promise((e,l)=>{n.onerror=s=>{s.preventDefault(),l(new Error(s.message||"worker.js"))}}),n.failed.catch(()=>{}),n}_end(){this.worker?.terminate(),this.worker=null}async _fetch(n){let e=await fetch(`${this.assets}/tokenizer.json`);if(!e.ok)throw new Error(`tokenizer.json: ${e.status}`);let l=e.body.getReader(),s=[],a=0;for(;;){let{done:d,value:h}=await l.read();if(d)break;s.push(h),a+=h.length,n(Math.min(1,a/529137))}return new Uint8Array(await new Blob(s).arrayBuffer())}};function o(t,n={},...e){let l=document.createElement(t);for(let[s,a]of Object.entries(n))a==null||a===!1||(s.startsWith("on")?l.addEventListener(s.slice(2),a):["value","checked","disabled","hidden","selected","open"].includes(s)?l[s]=a:l.setAttribute(s,a===!0?"":a));return l.append(...e.filter(s=>s!=null)),l}function ve(t,n){let e=new Intl.NumberFormat(n==="zh"?"zh-Hans":n==="pt"?"pt-BR":n==="es"?"es-MX":n);return(l,s={})=>(t[l]??l).replace(/{(\w+)}/g,(a,d)=>{let h=s[d];return h===void 0?"":typeof h=="number"?e.format(h):String(h)})}var oe=1e4;function V(t){let n=o("textarea",t),e=n.getAttribute("wrap"),l=()=>{n.value.length>oe?n.setAttribute("wrap","off"):e===null&&n.removeAttribute("wrap")};return n.put=s=>{s.length>oe&&n.setAttribute("wrap","off"),n.value=s,l()},n.addEventListener("input",l),n.addEventListener("paste",s=>{let a=s.clipboardData?.getData("text/plain")??"";if(a.length<=oe/10)return;s.preventDefault();let{selectionStart:d,selectionEnd:h,value:f}=n;n.put(f.slice(0,d)+a+f.slice(h)),n.setSelectionRange(d+a.length,d+a.length),n.dispatchEvent(new Event("input"))}),n}var He=0;function C(t,n,e=""){return n.id||=`pg-${He+=1}`,o("div",{class:`pg-field ${e}`},o("label",{for:n.id},t),n)}function D(t,n,e){let l=o("select",{onchange:()=>e(l.value)});return l.append(...t.map(([s,a])=>o("option",{value:s,selected:s===n},a))),l}function $e(t,n){let e=0;return(...l)=>{clearTimeout(e),e=setTimeout(t,n,...l)}}var re=40;function ie({say:t,title:n,onchange:e,onrefusal:l}){let s=[],a=o("ol",{class:"pg-turns"}),d=o("input",{type:"checkbox",onchange:()=>i()}),h=o("p",{class:"pg-note"}),f=V({class:"pg-code",rows:6,spellcheck:"false","aria-label":t("json"),oninput:()=>m()}),w=o("fieldset",{class:"pg-conversation"},o("legend",{},n),o("label",{class:"pg-check"},d," ",t("system")),a,h,o("button",{type:"button",onclick:()=>$()},t("add")),o("details",{},o("summary",{},t("json")),f));function b(u,c=null){s=u,d.checked=s[0]?.role==="system",a.replaceChildren(...s.slice(0,re).map(E)),h.textContent=s.length>re?t("more-messages",{count:s.length-re}):"",y(),c&&a.children[c[0]]?.querySelector(c[1])?.focus()}function y(){document.activeElement!==f&&f.put(JSON.stringify(s,null,2))}function E(u,c){let _=c+1,g=o("select",{"aria-label":t("role",{number:_}),onchange:()=>j(c,{role:g.value})});g.append(...G.map(N=>o("option",{value:N,selected:N===u.role},N)));let I=V({rows:1,"aria-label":t("content",{number:_}),oninput:()=>j(c,{content:I.value})});return I.put(u.content),o("li",{class:`pg-turn pg-${u.role}`},o("div",{class:"pg-turn-head"},g,v("↑",t("up",{number:_}),"pg-up",()=>r(c,-1),c===0),v("↓",t("down",{number:_}),"pg-down",()=>r(c,1),c===s.length-1),v("×",t("remove",{number:_}),"pg-remove",()=>L(c),s.length===1)),I)}function v(u,c,_,g,I){return o("button",{type:"button",class:`pg-icon ${_}`,"aria-label":c,title:c,onclick:g,disabled:I},u)}function S(u,c){b(u,c),e(s)}function j(u,c){s=s.map((_,g)=>g===u?{..._,...c}:_),c.role&&(a.children[u].className=`pg-turn pg-${c.role}`,d.checked=s[0].role==="system"),y(),e(s)}function $(){let u=s.at(-1)?.role==="user"?"assistant":"user";S([...s,{role:u,content:""}],[s.length,"textarea"])}function L(u){S(s.filter((c,_)=>_!==u),[Math.max(0,u-1),"textarea"])}function r(u,c){let _=[...s],[g]=_.splice(u,1);_.splice(u+c,0,g),S(_,[u+c,c<0?".pg-up:enabled, .pg-down":".pg-down:enabled, .pg-up"])}function i(){d.checked?S([{role:"system",content:""},...s],[0,"textarea"]):s.length>1?S(s.slice(1),null):d.checked=!0}function m(){let u;try{u=JSON.parse(f.value)}catch(c){l({code:"json",detail:{said:c.message}});return}try{b(X(u?.messages??u,"messages")),e(s)}catch(c){l(c)}}return{element:w,show:b}}function Ee({say:t,titles:n,doctor:e}){let l=o("ul",{class:"pg-findings"}),s=o("section",{},o("h3",{class:"pg-h"},t("findings")),l);function a({findings:d}){let h=d.map(({code:f,example:w})=>{let{title:b,severity:y}=n[f];return o("li",{class:`pg-${y}`},o("a",{href:`${e}#${f.toLowerCase()}`},`${f} · ${b}`),` (${t(y)})`,...w?[" ",o("code",{},w.length>80?`${w.slice(0,80)}…`:w)]:[])});l.replaceChildren(...h.length?h:[o("li",{},t("no-findings"))])}return{element:s,show:a}}var K=600,Ge={"\n":"⏎","\r":"␍","	":"⇥"," ":"␣"},z=t=>t.replace(/^ /,"␣").replace(/[\n\r\t]/g,n=>Ge[n]).replace(/[\p{Cc}\p{Cf}\u2028\u2029\u00a0\u3000]/gu,Xe),Xe=t=>`‹${t.codePointAt(0).toString(16).toUpperCase().padStart(4,"0")}›`;function Ie({say:t,onchoose:n}){let e=o("div",{class:"pg-tokens",role:"listbox","aria-label":t("tokens"),tabindex:0,onkeydown:i=>L(i),onclick:i=>i.target!==e&&$([...e.children].indexOf(i.target.closest("[role=option]"))),onfocus:()=>f<0&&e.children.length&&$(0)}),l=o("button",{type:"button",hidden:!0,onclick:()=>r()}),s=o("section",{},o("h3",{class:"pg-h"},t("tokens")),o("p",{class:"pg-note"},t("tokens-legend")),e,l),a=null,d=[],h=K,f=-1,w=`pg-token-${Math.random().toString(36).slice(2,8)}`;function b(i,m){a=i,m&&(h=K),y()}function y(){let i=Math.min(a.ids.length,h),m=a.places===null?new Set:new Set(a.places),u=[];for(let k=0;k<i;k+=1){let N=m.has(k)?a.mask[k]?"+":"":"x";u.push(`${a.ids[k]}${v(k)}${N}`)}let c=0;for(;c<i&&c<d.length&&d[c]===u[c];)c+=1;let _=0;for(;_<i-c&&_<d.length-c&&d[d.length-1-_]===u[i-1-_];)_+=1;for(let k=d.length-_-1;k>=c;k-=1)e.children[k].remove();let g=document.createDocumentFragment();for(let k=c;k<i-_;k+=1)g.append(E(k,u[k]));e.insertBefore(g,e.children[c]??null),d=u;let I=a.ids.length-i;l.hidden=I<=0,l.textContent=t("more-tokens",{count:Math.min(I,K)}),f>=i?$(-1):j(f)}function E(i,m){let u=a.ids[i],c=a.tokens[u],_=m.endsWith("x"),g=m.endsWith("+"),I=S(i),k=t(_?"token-cut":g?"token-supervised":"token-plain",{token:I,id:String(u)});return o("span",{class:`pg-token ${_?"pg-cut":g?"pg-plus":"pg-dot"}${c.special?" pg-special":""}`,role:"option","aria-selected":"false","aria-label":k,title:k,"data-id":u},c.bytes?`${v(i)}⟨${c.bytes}⟩`:z(c.text))}function v(i){let m=a.tokens[a.ids[i]],[u,c]=a.offsets[i];return!m.bytes||a.offsets[i-1]?.[1]===c?"":z(a.text.slice(u,c))}function S(i){let m=a.tokens[a.ids[i]];if(!m.bytes)return z(m.text);let[u,c]=a.offsets[i];return`${v(i)}⟨${m.bytes}⟩ (${t("part",{character:a.text.slice(u,c)})})`}function j(i){let m=e.querySelector("[aria-selected=true]");m&&(m.setAttribute("aria-selected","false"),m.removeAttribute("id")),e.removeAttribute("aria-activedescendant");let u=i<0?null:e.children[i];u&&(u.setAttribute("aria-selected","true"),u.id=w,e.setAttribute("aria-activedescendant",w))}function $(i){f=i,j(i),i>=0&&n(i)}function L(i){let m=e.children.length-1,u={ArrowRight:f+1,ArrowDown:f+1,ArrowLeft:f-1,ArrowUp:f-1,Home:0,End:m,PageDown:f+20,PageUp:f-20}[i.key];u===void 0||i.ctrlKey||i.metaKey||i.altKey||(i.preventDefault(),$(Math.max(0,Math.min(m,u))),e.children[f].scrollIntoView({block:"nearest"}))}function r(){h+=K,y()}return{element:s,show:b,choose:$}}var R=12;function Me({say:t}){let n=o("table",{class:"pg-rows"}),e=o("div",{class:"pg-field"}),l=o("button",{type:"button",onclick:()=>v(-R)},`← ${t("earlier")}`),s=o("button",{type:"button",onclick:()=>v(R)},`${t("later")} →`),a=o("section",{},o("h3",{class:"pg-h"},t("rows")),o("p",{class:"pg-note"},t("shift-note")),e,o("div",{class:"pg-scroll",tabindex:0,role:"region","aria-label":t("rows")},n),o("div",{class:"pg-buttons"},l,s)),d=[],h=0,f=0,w={},b=[];function y(r){if(w=r.tokens,b=r.places??[],d=r.row?[["row-alone",r.row]]:[],r.padded&&d.push(["row-padded",r.padded]),(r.packs??[]).forEach((i,m)=>d.push(["row-pack",i,{number:m+1}])),d.length!==e.dataset.count*1&&(h=d.length>1?1:0,e.dataset.count=d.length),e.replaceChildren(),d.length>1){let i=d.map(([u,,c],_)=>[String(_),t(u,c)]),m=D(i,String(h),u=>{h=Number(u),f=0,S()});m.setAttribute("aria-label",t("row-shown")),e.append(m)}S()}function E(r){let i=b.indexOf(r);if(i<0)return;let m=d[h]?.[1],u=m?.attention_mask?Math.max(0,m.attention_mask.indexOf(1)):0,c=m?.members&&m.members[0]!==0&&m.members.includes(0)?m.seq_lengths[0]:0;f=i+u+c-Math.floor(R/3),S(i+u+c)}function v(r){f+=r,S()}function S(r=-1){let i=d[h]?.[1],m=i?.input_ids.length??0;f=Math.max(0,Math.min(f,m-R)),l.disabled=f===0,s.disabled=f+R>=m;let u=Array.from({length:Math.min(R,m-f)},(g,I)=>f+I),c=(g,I,k="td")=>o("tr",{},o("th",{scope:"row"},g),...u.map(N=>o(k,{class:j(i,N,r),...k==="th"?{scope:"col"}:{}},I(N)))),_=i?[c(t("position"),g=>String(g),"th"),c(t("token"),g=>$(i.input_ids[g])),c("input_ids",g=>String(i.input_ids[g])),...i.attention_mask?[c("attention_mask",g=>String(i.attention_mask[g]))]:[],...i.position_ids?[c("position_ids",g=>String(i.position_ids[g]))]:[],c("labels",g=>String(i.labels[g])),c(t("shift"),g=>g+1<m?L(i.labels[g+1]):"")]:[];n.replaceChildren(o("tbody",{},..._))}let j=(r,i,m)=>[i===m?"pg-marked":"",r.labels[i]>=0?"pg-plus":"",r.attention_mask?.[i]===0?"pg-pad":"",r.position_ids?.[i]===0?"pg-begins":""].join(" ").trim()||null,$=r=>w[r].bytes?`⟨${w[r].bytes}⟩`:z(w[r].text),L=r=>r<0?"–":$(r);return{element:a,show:y,choose:E}}function Ae({say:t,templates:n,onchange:e}){let l=Object.keys(n).map(r=>[r,r]),s=D([...l,["",t("template-own")]],"smollm2",r=>r&&e({template:r,source:null}));s.options[l.length].hidden=!0;let a=V({class:"pg-code",rows:10,spellcheck:"false","aria-label":t("source"),maxlength:O.template,oninput:()=>e({source:a.value})}),d=o("button",{type:"button",onclick:()=>e({source:null})},t("restore")),h=o("input",{type:"checkbox",onchange:()=>e({prompt:h.checked})}),f=D(q.map(r=>[r,t(`mode-${r}`)]),q[0],r=>e({mode:r})),w=S(r=>e({max_length:r})),b=D(U.map(r=>[r,r]),U[0],r=>e({truncation:r})),y=S(r=>e({width:r})),E=D(W.map(r=>[r,t(`side-${r}`)]),W[0],r=>e({side:r})),v=o("input",{type:"checkbox",onchange:()=>e({pack:v.checked})});function S(r){let i=o("input",{type:"number",min:1,max:O.length,placeholder:t("no-limit"),oninput:()=>{let m=i.valueAsNumber;Number.isNaN(m)?r(null):i.validity.valid&&Number.isInteger(m)&&r(m)}});return i}let j=o("fieldset",{class:"pg-switches"},o("legend",{},t("switches")),o("div",{class:"pg-grid"},C(t("template"),s),C(t("mode"),f),C(t("max-length"),w),C(t("truncation"),b),C(t("width"),y),C(t("side"),E)),o("label",{class:"pg-check"},h," ",t("prompt")),o("label",{class:"pg-check"},v," ",t("pack")),o("details",{},o("summary",{},t("source")),a,o("p",{class:"pg-note"},t("source-note")),d)),$=(r,i)=>{document.activeElement!==r&&(r.value=i??"")};function L(r){s.value=r.source===null?r.template:"",$(a,r.source??n[r.template]),d.disabled=r.source===null,h.checked=r.prompt,f.value=r.mode,$(w,r.max_length),b.value=r.truncation,b.disabled=r.max_length===null,$(y,r.width),y.disabled=E.disabled=r.second!==null,E.value=r.side,v.checked=r.second!==null}return{element:j,show:L}}var F=2e4;function Oe({say:t}){let n=o("pre",{class:"pg-text",tabindex:0,role:"region","aria-label":t("text")}),e=o("p",{class:"pg-note"}),l=o("section",{},o("h3",{class:"pg-h"},t("text")),o("p",{class:"pg-note"},t("text-legend")),n,e);function s({text:a,regions:d}){let h=[],f=0,w=b=>f<b&&h.push(a.slice(f,b));for(let[b,y,E]of d){if(b>=F)break;w(b),h.push(o("span",{class:`pg-said pg-${E}`,title:E},a.slice(b,Math.min(y,F)))),f=y}w(Math.min(a.length,F)),n.replaceChildren(...h),e.textContent=a.length>F?t("text-cut",{shown:F,count:a.length}):""}return{element:l,show:s}}function Ne(t,n){let e=ve(n.words,n.lang),l=t.ownerDocument.location.pathname===new URL(n.playground,document.baseURI).pathname,s,a=null,d=o("p",{class:"pg-wait"},e("fetching",{share:0})),h=new Y(new URL(n.assets,document.baseURI).href,p=>{d.textContent=p<1?e("fetching",{share:Math.round(100*p)}):""}),f=ie({say:e,title:e("conversation"),onchange:p=>Q({messages:p}),onrefusal:J}),w=ie({say:e,title:e("second"),onchange:p=>Q({second:p}),onrefusal:J}),b=Ae({say:e,templates:ke,onchange:p=>Q(Le(p))}),y=Oe({say:e}),E=Me({say:e}),v=Ie({say:e,onchoose:p=>E.choose(p)}),S=Ee({say:e,titles:n.findings,doctor:n.doctor}),j=o("p",{class:"pg-status",role:"status"}),$=o("p",{class:"pg-cost"}),L=o("div",{class:"pg-refusal",role:"alert",hidden:!0}),r=o("div",{class:"pg-results"},j,$,y.element,v.element,E.element,S.element),i=D([...Object.keys(n.cases).map(p=>[p,e(`case-${p}`)]),["",e("case-own")]],n.case,p=>p&&N(p));i.options[i.options.length-1].hidden=!0;let m=o("a",{class:"pg-open",href:n.playground},e("open")),u=o("span",{class:"pg-said-copied",role:"status"}),c=o("div",{class:"pg-buttons"},l?o("button",{type:"button",onclick:()=>Z(()=>new URL(`#${ne(s)}`,location.href).href)},e("share")):m,o("button",{type:"button",onclick:()=>Z(()=>ce(s))},e("copy-python")),o("button",{type:"button",onclick:()=>Z(()=>ue(s))},e("copy-jsonl")),u),_=o("div",{class:"pg-editors"},f.element,w.element),g=l?_:o("details",{class:"pg-fold"},o("summary",{},e("conversation")),_);t.replaceChildren(C(e("case"),i,"pg-case"),g,b.element,L,d,r,c),r.hidden=!0;let I=$e(()=>{let p;try{p=`#${ne({...B,...s})}`}catch{p=""}l?(a===null||location.hash.startsWith("#case="))&&history.replaceState(null,"",p||location.pathname):m.href=n.playground+p},300),k=null;try{k=l?ye(location.hash):null}catch(p){N(n.case,p);return}k?(i.value="",ae(k)):N(n.case);function N(p,x=null){i.value=p,a=n.cases[p].parallel,ae(te(n.cases[p].state),x)}function ae(p,x=null){s=p,f.show(s.messages),s.second&&w.show(s.second),le(!0,x)}function Q(p){"messages"in p&&(a=null,i.value="");let x=s;s={...s,...p},s.second&&!x.second&&w.show(s.second),le(!1)}function Le({pack:p,...x}){return p===void 0?x:p?{...x,second:n.cases.packing.state.second,max_length:s.max_length??256}:{...x,second:null}}async function le(p,x=null){b.show(s),w.element.hidden=s.second===null,I();let M;try{M=await h.ask(s,a)}catch(P){d.textContent=e("failed",{said:P.message});return}M!==null&&(d.textContent="",M.refusal?J(M.refusal):(r.hidden=!1,Te(M.answer,p),x&&J(x)))}function Te(p,x){L.hidden=!0,r.classList.remove("pg-stale");let M=p.mask.reduce((H,De)=>H+De,0),P=Math.round(1e3*M/(p.mask.length||1))/10,Ce=p.places===null?e("dropped"):p.cut.tokens?e("after-cut",{tokens:p.places.length}):"";j.textContent=[e("status",{tokens:p.ids.length,supervised:M,share:P}),Ce].filter(Boolean).join(" · "),$.textContent=p.cost?e("cost",{list:["pt","es","zh","en"].map(H=>`${H} ${p.cost[H]}`).join(" · ")}):"",v.show(p,x),E.show(p),y.show(p),S.show(p),t.dataset.shown=String(Number(t.dataset.shown??0)+1)}function J({code:p,detail:x}){let M=x?.line?o("p",{},e("at-line",x)):x?.said&&!["json","too-long"].includes(p)?o("p",{},o("code",{},x.said)):null;L.replaceChildren(o("p",{},o("strong",{},`${e("refused")}: `),e(`refusal-${p}`,x)),...M?[M]:[]),L.hidden=!1,r.classList.add("pg-stale"),t.dataset.shown=String(Number(t.dataset.shown??0)+1)}function Z(p){let x;try{x=p()}catch(P){J(P);return}let M=P=>{u.textContent=e(P)};navigator.clipboard?.writeText(x).then(()=>M("copied"),()=>M("not-copied"))??M("not-copied")}}var je=new IntersectionObserver(t=>{for(let{isIntersecting:n,target:e}of t){if(!n)continue;je.unobserve(e);let l=JSON.parse(e.querySelector("script[type='application/json']").textContent);Ne(e,l)}},{rootMargin:"200px"});for(let t of document.querySelectorAll("section.pg"))je.observe(t);
